// Batch › Job definitions: revisions, their JSON, submit and deregister.

import Button from "@cloudscape-design/components/button";
import Modal from "@cloudscape-design/components/modal";
import SegmentedControl from "@cloudscape-design/components/segmented-control";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { DeregisterJobDefinitionCommand, type JobDefinition } from "@aws-sdk/client-batch";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate } from "react-router";

import { batch } from "../../../aws";
import { Json } from "../../../parts/Json";
import { ResourceTable } from "../../../parts/ResourceTable";
import { Status } from "../../../parts/status";
import { describeJobDefinitions } from "../../../queries";
import { useRegion } from "../../../region";
import { notifyFailure } from "../../../shell/notifications";
import { useDocumentTitle } from "../../../shell/useDocumentTitle";

const shortName = (one: JobDefinition) => `${one.jobDefinitionName}:${one.revision}`;

export default function JobDefinitions() {
  useDocumentTitle("Job definitions | Batch");
  const [region] = useRegion();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [status, setStatus] = useState<"ACTIVE" | "INACTIVE">("ACTIVE");
  const [selected, select] = useState<JobDefinition[]>([]);
  const [shown, show] = useState<JobDefinition | null>(null);
  const key = ["job-definitions", region, status];
  const { data, error, refetch } = useQuery({
    queryKey: key,
    queryFn: () => describeJobDefinitions(region, status),
  });
  async function deregister() {
    for (const one of selected)
      await batch(region)
        .send(new DeregisterJobDefinitionCommand({ jobDefinition: one.jobDefinitionArn }))
        .catch((raised: unknown) => notifyFailure(`${shortName(one)} could not be deregistered.`, raised));
    select([]);
    await queries.invalidateQueries({ queryKey: ["job-definitions", region] });
  }
  const [first] = selected;
  return (
    <>
      <ResourceTable<JobDefinition>
        title="Job definitions"
        noun="job definition"
        items={data}
        error={error}
        retry={() => void refetch()}
        keyOf={shortName}
        selection="multi"
        selected={selected}
        onSelect={select}
        empty={<Button onClick={() => void navigate("/batch/job-definitions/create")}>Create job definition</Button>}
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            <SegmentedControl
              label="Status"
              selectedId={status}
              options={[
                { id: "ACTIVE", text: "Active" },
                { id: "INACTIVE", text: "Inactive" },
              ]}
              onChange={({ detail }) => setStatus(detail.selectedId as "ACTIVE" | "INACTIVE")}
            />
            <Button disabled={selected.length === 0} onClick={() => void deregister()}>
              Deregister
            </Button>
            <Button
              disabled={selected.length !== 1}
              onClick={() => void navigate(`/batch/jobs/submit?definition=${shortName(first as JobDefinition)}`)}
            >
              Submit new job
            </Button>
            <Button variant="primary" onClick={() => void navigate("/batch/job-definitions/create")}>
              Create
            </Button>
          </SpaceBetween>
        }
        columns={[
          {
            id: "name",
            header: "Name",
            isRowHeader: true,
            sortingField: "jobDefinitionName",
            cell: (one) => (
              <Button variant="inline-link" onClick={() => show(one)}>
                {shortName(one)}
              </Button>
            ),
          },
          { id: "type", header: "Type", cell: (one) => one.type },
          { id: "status", header: "Status", cell: (one) => <Status value={one.status} /> },
          { id: "image", header: "Image", cell: (one) => one.containerProperties?.image ?? "-" },
          { id: "command", header: "Command", cell: (one) => one.containerProperties?.command?.join(" ") || "-" },
        ]}
      />
      {shown && (
        <Modal visible size="large" header={shortName(shown)} onDismiss={() => show(null)} closeAriaLabel="Close">
          <Json value={shown} label="Job definition as JSON" />
        </Modal>
      )}
    </>
  );
}
