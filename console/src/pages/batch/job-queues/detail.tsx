// Batch › Job queues › one: its details, its environments in order, its tags and its JSON.

import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import Tabs from "@cloudscape-design/components/tabs";
import { useQuery } from "@tanstack/react-query";
import { useParams } from "react-router";

import { AppLink } from "../../../parts/AppLink";
import { Failure } from "../../../parts/Failure";
import { Json } from "../../../parts/Json";
import { Empty } from "../../../parts/ResourceTable";
import { Status } from "../../../parts/status";
import { Tags } from "../../../parts/Tags";
import { describeJobQueues } from "../../../queries";
import { useRegion } from "../../../region";
import { useDocumentTitle } from "../../../shell/useDocumentTitle";

export default function JobQueue() {
  const name = useParams().name as string;
  const [region] = useRegion();
  useDocumentTitle(`${name} | Batch`);
  const { data, error } = useQuery({
    queryKey: ["job-queues", region, name],
    queryFn: () => describeJobQueues(region, [name]),
    refetchInterval: 2000,
  });
  if (error) return <Failure error={error} />;
  if (data === undefined) return <Spinner size="large" />;
  const [queue] = data;
  if (queue === undefined) return <Empty title={`There is no job queue ${name} in ${region}.`} />;
  const order = [...(queue.computeEnvironmentOrder ?? [])].sort((a, b) => (a.order ?? 0) - (b.order ?? 0));
  return (
    <ContentLayout header={<Header variant="h1">{name}</Header>}>
      <SpaceBetween size="l">
        <Container header={<Header variant="h2">Job queue details</Header>}>
          <KeyValuePairs
            columns={3}
            items={[
              { label: "State", value: <Status value={queue.state} /> },
              { label: "Status", value: <Status value={queue.status} /> },
              { label: "Status reason", value: queue.statusReason ?? "-" },
              { label: "Priority", value: queue.priority },
              { label: "ARN", value: queue.jobQueueArn },
              { label: "Scheduling policy", value: queue.schedulingPolicyArn ?? "-" },
              {
                label: "Environment order",
                value: (
                  <ol>
                    {order.map(({ computeEnvironment }) => {
                      const short = computeEnvironment?.split("/").at(-1) ?? "";
                      return (
                        <li key={computeEnvironment}>
                          <AppLink to={`/batch/compute-environments/${short}`}>{short}</AppLink>
                        </li>
                      );
                    })}
                  </ol>
                ),
              },
              { label: "Jobs", value: <AppLink to={`/batch/jobs?queue=${name}`}>View jobs</AppLink> },
            ]}
          />
        </Container>
        <Tabs
          tabs={[
            { id: "tags", label: "Tags", content: <Tags tags={queue.tags ?? {}} /> },
            { id: "json", label: "JSON", content: <Json value={queue} label="Job queue as JSON" /> },
          ]}
        />
      </SpaceBetween>
    </ContentLayout>
  );
}
