// Batch › Compute environments: the Region's environments with AWS's reason where one is in trouble; Disable, Enable, Delete.

import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { ComputeEnvironmentDetail } from "@aws-sdk/client-batch";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate } from "react-router";

import { AppLink } from "../../../parts/AppLink";
import { ResourceTable } from "../../../parts/ResourceTable";
import { Status } from "../../../parts/status";
import { describeComputeEnvironments } from "../../../queries";
import { useRegion } from "../../../region";
import { useDocumentTitle } from "../../../shell/useDocumentTitle";
import { Actions } from "./Actions";

const LIVE_MS = 2000;

export default function ComputeEnvironments() {
  useDocumentTitle("Compute environments | Batch");
  const [region] = useRegion();
  const navigate = useNavigate();
  const { data, error, refetch } = useQuery({
    queryKey: ["compute-environments", region],
    queryFn: () => describeComputeEnvironments(region),
    refetchInterval: LIVE_MS,
  });
  const [selected, select] = useState<string | null>(null);
  const chosen = data?.find((one) => one.computeEnvironmentArn === selected);
  return (
    <ResourceTable<ComputeEnvironmentDetail>
      title="Compute environments"
      noun="compute environment"
      items={data}
      error={error}
      retry={() => void refetch()}
      keyOf={(one) => one.computeEnvironmentName as string}
      selection="single"
      selected={chosen ? [chosen] : []}
      onSelect={([one]) => select(one?.computeEnvironmentArn ?? null)}
      empty={
        <Button onClick={() => void navigate("/batch/compute-environments/create")}>Create compute environment</Button>
      }
      actions={
        <SpaceBetween direction="horizontal" size="xs">
          <Button iconName="refresh" ariaLabel="Refresh" onClick={() => void refetch()} />
          <Actions environment={chosen} />
          <Button variant="primary" onClick={() => void navigate("/batch/compute-environments/create")}>
            Create
          </Button>
        </SpaceBetween>
      }
      columns={[
        {
          id: "name",
          header: "Name",
          isRowHeader: true,
          sortingField: "computeEnvironmentName",
          cell: (one) => (
            <AppLink to={`/batch/compute-environments/${one.computeEnvironmentName}`}>
              {one.computeEnvironmentName}
            </AppLink>
          ),
        },
        { id: "type", header: "Type", cell: (one) => one.type },
        { id: "provisioning", header: "Provisioning model", cell: (one) => one.computeResources?.type ?? "-" },
        { id: "state", header: "State", sortingField: "state", cell: (one) => <Status value={one.state} /> },
        { id: "status", header: "Status", sortingField: "status", cell: (one) => <Status value={one.status} /> },
        { id: "reason", header: "Status reason", cell: (one) => one.statusReason ?? "-" },
        { id: "min", header: "Minimum vCPUs", cell: (one) => one.computeResources?.minvCpus ?? "-" },
        { id: "desired", header: "Desired vCPUs", cell: (one) => one.computeResources?.desiredvCpus ?? "-" },
        { id: "max", header: "Maximum vCPUs", cell: (one) => one.computeResources?.maxvCpus ?? "-" },
      ]}
    />
  );
}
