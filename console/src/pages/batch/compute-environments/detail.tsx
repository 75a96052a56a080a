// Batch › Compute environments › one: what it is, in which state and why, its tags and its JSON.

import Alert from "@cloudscape-design/components/alert";
import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import Tabs from "@cloudscape-design/components/tabs";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams } from "react-router";

import { AppLink } from "../../../parts/AppLink";
import { Failure } from "../../../parts/Failure";
import { Json } from "../../../parts/Json";
import { Empty } from "../../../parts/ResourceTable";
import { Status } from "../../../parts/status";
import { Tags } from "../../../parts/Tags";
import { describeComputeEnvironments } from "../../../queries";
import { useRegion } from "../../../region";
import { useDocumentTitle } from "../../../shell/useDocumentTitle";
import { Actions } from "./Actions";

const LIVE_MS = 2000;

export default function ComputeEnvironment() {
  const name = useParams().name as string;
  const [region] = useRegion();
  const navigate = useNavigate();
  useDocumentTitle(`${name} | Batch`);
  const { data, error, refetch } = useQuery({
    queryKey: ["compute-environments", region, name],
    queryFn: () => describeComputeEnvironments(region, [name]),
    refetchInterval: LIVE_MS,
  });
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (data === undefined) return <Spinner size="large" />;
  const [one] = data;
  if (one === undefined) return <Empty title={`There is no compute environment ${name} in ${region}.`} />;
  const resources = one.computeResources;
  const role = one.serviceRole?.split("/").at(-1);
  return (
    <ContentLayout
      header={
        <Header
          variant="h1"
          actions={<Actions environment={one} done={() => void navigate("/batch/compute-environments")} />}
        >
          {name}
        </Header>
      }
    >
      <SpaceBetween size="l">
        {one.status === "INVALID" && (
          <Alert type="error" header="INVALID">
            {one.statusReason}
          </Alert>
        )}
        <Container header={<Header variant="h2">Overview</Header>}>
          <KeyValuePairs
            columns={3}
            items={[
              { label: "State", value: <Status value={one.state} /> },
              { label: "Status", value: <Status value={one.status} /> },
              { label: "Status reason", value: one.statusReason ?? "-" },
              { label: "ARN", value: one.computeEnvironmentArn },
              { label: "Service role", value: role ? <AppLink to={`/iam/roles/${role}`}>{role}</AppLink> : "-" },
              { label: "ECS cluster", value: one.ecsClusterArn ?? "-" },
              { label: "Provisioning model", value: resources?.type ?? "-" },
              { label: "Minimum vCPUs", value: resources?.minvCpus ?? "-" },
              { label: "Desired vCPUs", value: resources?.desiredvCpus ?? "-" },
              { label: "Maximum vCPUs", value: resources?.maxvCpus ?? "-" },
              { label: "Instance types", value: resources?.instanceTypes?.join(", ") || "-" },
              { label: "Subnets", value: resources?.subnets?.join(", ") || "-" },
            ]}
          />
        </Container>
        <Tabs
          tabs={[
            { id: "tags", label: "Tags", content: <Tags tags={one.tags ?? {}} /> },
            { id: "json", label: "JSON", content: <Json value={one} label="Compute environment as JSON" /> },
          ]}
        />
      </SpaceBetween>
    </ContentLayout>
  );
}
