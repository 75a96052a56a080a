// Batch › Dashboard: jobs by state and queue, and the environments in trouble with AWS's reason.

import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { type JobStatus, paginateListJobs } from "@aws-sdk/client-batch";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "react-router";

import { batch } from "../../aws";
import { AppLink } from "../../parts/AppLink";
import { ResourceTable } from "../../parts/ResourceTable";
import { all, describeComputeEnvironments, describeJobQueues } from "../../queries";
import { useRegion } from "../../region";
import { useDocumentTitle } from "../../shell/useDocumentTitle";
import { STATES } from "./jobs/states";

const LIVE_MS = 5000;

interface Row {
  queue: string;
  counts: Record<string, number>;
}

export default function Dashboard() {
  useDocumentTitle("Dashboard | Batch");
  const [region] = useRegion();
  const navigate = useNavigate();
  const { data: environments } = useQuery({
    queryKey: ["compute-environments", region],
    queryFn: () => describeComputeEnvironments(region),
    refetchInterval: LIVE_MS,
  });
  const { data, error, refetch } = useQuery({
    queryKey: ["dashboard", region],
    queryFn: () => counted(region),
    refetchInterval: LIVE_MS,
  });
  const troubled = (environments ?? []).filter((one) => one.status === "INVALID");
  return (
    <ContentLayout header={<Header variant="h1">Dashboard</Header>}>
      <SpaceBetween size="l">
        {troubled.map((one) => (
          <Alert key={one.computeEnvironmentArn} type="error" header={`${one.computeEnvironmentName} is INVALID`}>
            {one.statusReason}{" "}
            <AppLink to={`/batch/compute-environments/${one.computeEnvironmentName}`}>View the environment</AppLink>
          </Alert>
        ))}
        <ResourceTable<Row>
          title="Jobs by queue"
          noun="job queue"
          items={data}
          error={error}
          retry={() => void refetch()}
          keyOf={(row) => row.queue}
          empty={
            <Button onClick={() => void navigate(environments?.length ? "/batch/job-queues/create" : "/batch/compute-environments/create")}>
              {environments?.length ? "Create job queue" : "Create compute environment"}
            </Button>
          }
          columns={[
            {
              id: "queue",
              header: "Job queue",
              isRowHeader: true,
              cell: (row) => <AppLink to={`/batch/job-queues/${row.queue}`}>{row.queue}</AppLink>,
            },
            ...STATES.map((state) => ({
              id: state,
              header: state,
              cell: (row: Row) => (
                <AppLink to={`/batch/jobs?queue=${row.queue}&status=${state}`}>{String(row.counts[state] ?? 0)}</AppLink>
              ),
            })),
          ]}
        />
      </SpaceBetween>
    </ContentLayout>
  );
}

async function counted(region: string): Promise<Row[]> {
  const client = batch(region);
  const queues = await describeJobQueues(region);
  const count = async (jobQueue: string, jobStatus: JobStatus) =>
    (await all(paginateListJobs({ client, pageSize: 1000 }, { jobQueue, jobStatus }), (page) => page.jobSummaryList))
      .length;
  return Promise.all(
    queues.map(async ({ jobQueueName }) => {
      const queue = jobQueueName as string;
      const counts = await Promise.all(STATES.map(async (state) => [state, await count(queue, state)] as const));
      return { queue, counts: Object.fromEntries(counts) };
    }),
  );
}
