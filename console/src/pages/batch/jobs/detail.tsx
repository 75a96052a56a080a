// Batch › Jobs › one job: why it waits, its attempts, its children, its environment and its log.

import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import Tabs from "@cloudscape-design/components/tabs";
import { DescribeJobsCommand, type JobDetail } from "@aws-sdk/client-batch";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate, useParams } from "react-router";

import { batch } from "../../../aws";
import { AppLink } from "../../../parts/AppLink";
import { Failure } from "../../../parts/Failure";
import { Json } from "../../../parts/Json";
import { Empty } from "../../../parts/ResourceTable";
import { Status } from "../../../parts/status";
import { Tags } from "../../../parts/Tags";
import { Time } from "../../../parts/Time";
import { useRegion } from "../../../region";
import { useDocumentTitle } from "../../../shell/useDocumentTitle";
import { Attempts } from "./Attempts";
import { Children } from "./Children";
import { EndJobs } from "./EndJobs";
import { JobLog } from "./JobLog";
import { isOver } from "./states";
import { Timeline } from "./Timeline";

const LIVE_MS = 1500;

export default function Job() {
  const id = useParams().id as string;
  const [region] = useRegion();
  useDocumentTitle(`${id} | Batch`);
  const { data, error, refetch } = useQuery({
    queryKey: ["job", region, id],
    queryFn: () => batch(region).send(new DescribeJobsCommand({ jobs: [id] })),
    refetchInterval: (query) => (isOver(query.state.data?.jobs?.[0]?.status) ? false : LIVE_MS),
  });
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (data === undefined) return <Spinner size="large" />;
  const [job] = data.jobs ?? [];
  if (job === undefined) return <Empty title={`There is no job ${id} in ${region}.`} />;
  return <Details job={job} region={region} refetch={() => void refetch()} />;
}

function Details({ job, region, refetch }: { job: JobDetail; region: string; refetch: () => void }) {
  const navigate = useNavigate();
  const [ending, end] = useState<"cancel" | "terminate" | null>(null);
  const id = job.jobId as string;
  const over = isOver(job.status);
  const tabs = [
    { id: "log", label: "Logging", content: <JobLog job={job} region={region} live={!over} /> },
    { id: "attempts", label: "Job attempts", content: <Attempts job={job} /> },
    { id: "environment", label: "Container", content: <Json value={job.container ?? {}} label="Container" /> },
    { id: "tags", label: "Tags", content: <Tags tags={job.tags ?? {}} /> },
    { id: "json", label: "JSON", content: <Json value={job} label="Job as JSON" /> },
  ];
  const children = {
    id: "children",
    label: "Child jobs",
    content: <Children parent={id} region={region} live={!over} />,
  };
  return (
    <ContentLayout
      header={
        <Header
          variant="h1"
          description={id}
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              <Button disabled={over} onClick={() => end("cancel")}>
                Cancel job
              </Button>
              <Button disabled={over} onClick={() => end("terminate")}>
                Terminate job
              </Button>
              <Button onClick={() => void navigate(`/batch/jobs/submit?clone=${encodeURIComponent(id)}`)}>
                Clone job
              </Button>
            </SpaceBetween>
          }
        >
          {job.jobName}
        </Header>
      }
    >
      <SpaceBetween size="l">
        {job.statusReason && (
          <Alert type={job.status === "FAILED" ? "error" : "info"} header={job.status}>
            {job.statusReason}
          </Alert>
        )}
        <Container header={<Header variant="h2">Details</Header>}>
          <KeyValuePairs
            columns={3}
            items={[
              { label: "Status", value: <Status value={job.status} /> },
              { label: "Job queue", value: queueLink(job.jobQueue) },
              { label: "Job definition", value: job.jobDefinition?.split("/").at(-1) },
              { label: "Created at", value: <Time at={job.createdAt} /> },
              { label: "Started at", value: <Time at={job.startedAt} /> },
              { label: "Stopped at", value: <Time at={job.stoppedAt} /> },
              { label: "Exit code", value: job.container?.exitCode ?? "-" },
              { label: "Reason", value: job.container?.reason ?? "-" },
              { label: "Image", value: job.container?.image ?? "-" },
              { label: "Command", value: job.container?.command?.join(" ") || "-" },
              { label: "Depends on", value: dependencies(job) },
              { label: "Task", value: job.container?.taskArn ?? "-" },
            ]}
          />
        </Container>
        <Timeline job={job} />
        <Tabs tabs={job.arrayProperties?.size ? [children, ...tabs] : tabs} />
      </SpaceBetween>
      {ending && (
        <EndJobs
          how={ending}
          jobs={[job]}
          close={() => {
            end(null);
            refetch();
          }}
        />
      )}
    </ContentLayout>
  );
}

function queueLink(arn: string | undefined) {
  const name = arn?.split("/").at(-1) ?? "";
  return <AppLink to={`/batch/job-queues/${name}`}>{name}</AppLink>;
}

function dependencies(job: JobDetail) {
  const named = (job.dependsOn ?? []).filter((one) => one.jobId);
  if (named.length === 0) return "-";
  return (
    <ul>
      {named.map(({ jobId }) => (
        <li key={jobId}>
          <AppLink to={`/batch/jobs/${encodeURIComponent(jobId as string)}`}>{jobId}</AppLink>
        </li>
      ))}
    </ul>
  );
}
