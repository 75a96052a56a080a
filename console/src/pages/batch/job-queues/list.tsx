// Batch › Job queues: state, priority and environments; Enable, Disable, Delete under Actions.

import Button from "@cloudscape-design/components/button";
import ButtonDropdown from "@cloudscape-design/components/button-dropdown";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { DeleteJobQueueCommand, type JobQueueDetail, UpdateJobQueueCommand } from "@aws-sdk/client-batch";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate } from "react-router";

import { batch } from "../../../aws";
import { AppLink } from "../../../parts/AppLink";
import { Asking } from "../../../parts/Asking";
import { ResourceTable } from "../../../parts/ResourceTable";
import { Status } from "../../../parts/status";
import { describeJobQueues } from "../../../queries";
import { useRegion } from "../../../region";
import { notifyFailure } from "../../../shell/notifications";
import { useDocumentTitle } from "../../../shell/useDocumentTitle";

const LIVE_MS = 2000;

export default function JobQueues() {
  useDocumentTitle("Job queues | Batch");
  const [region] = useRegion();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [selected, select] = useState<string | null>(null);
  const [asking, ask] = useState<string | null>(null);
  const key = ["job-queues", region];
  const { data, error, refetch } = useQuery({
    queryKey: key,
    queryFn: () => describeJobQueues(region),
    refetchInterval: LIVE_MS,
  });
  const chosen = data?.find((one) => one.jobQueueArn === selected);
  const jobQueue = chosen?.jobQueueName;
  async function setState(state: "ENABLED" | "DISABLED") {
    try {
      await batch(region).send(new UpdateJobQueueCommand({ jobQueue, state }));
      await queries.invalidateQueries({ queryKey: key });
    } catch (raised) {
      notifyFailure(`The job queue ${jobQueue} could not be updated.`, raised);
    }
  }
  return (
    <>
      <ResourceTable<JobQueueDetail>
        title="Job queues"
        noun="job queue"
        items={data}
        error={error}
        retry={() => void refetch()}
        keyOf={(one) => one.jobQueueName as string}
        selection="single"
        selected={chosen ? [chosen] : []}
        onSelect={([one]) => select(one?.jobQueueArn ?? null)}
        empty={<Button onClick={() => void navigate("/batch/job-queues/create")}>Create job queue</Button>}
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            <Button iconName="refresh" ariaLabel="Refresh" onClick={() => void refetch()} />
            <ButtonDropdown
              disabled={chosen === undefined}
              items={[
                { id: "ENABLED", text: "Enable", disabled: chosen?.state === "ENABLED" },
                { id: "DISABLED", text: "Disable", disabled: chosen?.state === "DISABLED" },
                { id: "delete", text: "Delete" },
              ]}
              onItemClick={({ detail }) =>
                detail.id === "delete" ? ask(jobQueue ?? null) : void setState(detail.id as "ENABLED" | "DISABLED")
              }
            >
              Actions
            </ButtonDropdown>
            <Button variant="primary" onClick={() => void navigate("/batch/job-queues/create")}>
              Create
            </Button>
          </SpaceBetween>
        }
        columns={[
          {
            id: "name",
            header: "Name",
            isRowHeader: true,
            sortingField: "jobQueueName",
            cell: (one) => <AppLink to={`/batch/job-queues/${one.jobQueueName}`}>{one.jobQueueName}</AppLink>,
          },
          { id: "state", header: "State", cell: (one) => <Status value={one.state} /> },
          { id: "status", header: "Status", cell: (one) => <Status value={one.status} /> },
          { id: "reason", header: "Status reason", cell: (one) => one.statusReason ?? "-" },
          { id: "priority", header: "Priority", sortingField: "priority", cell: (one) => one.priority },
          {
            id: "jobs",
            header: "Jobs",
            cell: (one) => <AppLink to={`/batch/jobs?queue=${one.jobQueueName}`}>View jobs</AppLink>,
          },
        ]}
      />
      {asking && (
        <Asking
          header="Delete job queue"
          action="Delete job queue"
          save={async () => {
            await batch(region).send(new DeleteJobQueueCommand({ jobQueue: asking }));
            await queries.invalidateQueries({ queryKey: key });
          }}
          close={() => ask(null)}
        >
          <div>
            Delete the job queue <b>{asking}</b>? It must be disabled; the jobs that it holds are ended.
          </div>
        </Asking>
      )}
    </>
  );
}
