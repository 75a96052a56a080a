// Batch › Jobs: a queue's jobs by state, filters in the address, live, with bulk cancel and terminate.

import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { JobStatus, JobSummary } from "@aws-sdk/client-batch";
import { paginateListJobs } from "@aws-sdk/client-batch";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate, useSearchParams } from "react-router";

import { batch } from "../../../aws";
import { AppLink } from "../../../parts/AppLink";
import { Empty, ResourceTable } from "../../../parts/ResourceTable";
import { Status } from "../../../parts/status";
import { Time } from "../../../parts/Time";
import { all, describeJobQueues } from "../../../queries";
import { useRegion } from "../../../region";
import { useDocumentTitle } from "../../../shell/useDocumentTitle";
import { EndJobs } from "./EndJobs";
import { STATES } from "./states";

const LIVE_MS = 3000;
const MOST = 10_000;

export default function Jobs() {
  useDocumentTitle("Jobs | Batch");
  const [region] = useRegion();
  const navigate = useNavigate();
  const [search, setSearch] = useSearchParams();
  const { data: queues } = useQuery({
    queryKey: ["job-queues", region],
    queryFn: () => describeJobQueues(region),
  });
  const names = (queues ?? []).map((one) => one.jobQueueName as string);
  const queue = search.get("queue") ?? names[0];
  const status = search.get("status") ?? "ALL";
  const [selected, select] = useState<JobSummary[]>([]);
  const [ending, end] = useState<"cancel" | "terminate" | null>(null);
  const { data, error, refetch } = useQuery({
    queryKey: ["jobs", region, queue, status],
    queryFn: () => listJobs(region, queue as string, status),
    enabled: queue !== undefined,
    refetchInterval: LIVE_MS,
  });
  const set = (name: string, value: string) =>
    setSearch((before) => {
      const after = new URLSearchParams(before);
      after.set(name, value);
      return after;
    });
  if (queues !== undefined && queue === undefined)
    return (
      <Empty title="Please select a job queue">
        <Button onClick={() => void navigate("/batch/job-queues/create")}>Create job queue</Button>
      </Empty>
    );
  return (
    <SpaceBetween size="m">
      <SpaceBetween direction="horizontal" size="m">
        <FormField label="Job queue">
          <Select
            selectedOption={queue ? { value: queue, label: queue } : null}
            options={names.map((value) => ({ value, label: value }))}
            onChange={({ detail }) => set("queue", detail.selectedOption.value as string)}
            placeholder="Please select a job queue"
          />
        </FormField>
        <FormField label="Status">
          <Select
            selectedOption={{ value: status, label: status === "ALL" ? "All" : status }}
            options={["ALL", ...STATES].map((value) => ({ value, label: value === "ALL" ? "All" : value }))}
            onChange={({ detail }) => set("status", detail.selectedOption.value as string)}
          />
        </FormField>
      </SpaceBetween>
      <ResourceTable<JobSummary>
        title="Jobs"
        noun="job"
        items={data}
        error={error}
        retry={() => void refetch()}
        keyOf={(job) => job.jobId as string}
        selection="multi"
        selected={selected}
        onSelect={select}
        filterText={search.get("search") ?? ""}
        onFilter={(text) => set("search", text)}
        empty={<Button onClick={() => void navigate(`/batch/jobs/submit?queue=${queue}`)}>Submit new job</Button>}
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            <Button iconName="refresh" ariaLabel="Refresh" onClick={() => void refetch()} />
            <Button disabled={selected.length === 0} onClick={() => end("cancel")}>
              Cancel jobs
            </Button>
            <Button disabled={selected.length === 0} onClick={() => end("terminate")}>
              Terminate jobs
            </Button>
            <Button variant="primary" onClick={() => void navigate(`/batch/jobs/submit?queue=${queue ?? ""}`)}>
              Submit new job
            </Button>
          </SpaceBetween>
        }
        columns={[
          {
            id: "name",
            header: "Name",
            isRowHeader: true,
            sortingField: "jobName",
            cell: (job) => <AppLink to={`/batch/jobs/${encodeURIComponent(job.jobId as string)}`}>{job.jobName}</AppLink>,
          },
          { id: "id", header: "Job ID", cell: (job) => job.jobId },
          { id: "status", header: "Status", sortingField: "status", cell: (job) => <Status value={job.status} /> },
          { id: "reason", header: "Status reason", cell: (job) => job.statusReason ?? "-" },
          { id: "created", header: "Created at", sortingField: "createdAt", cell: (job) => <Time at={job.createdAt} /> },
          { id: "started", header: "Started at", sortingField: "startedAt", cell: (job) => <Time at={job.startedAt} /> },
          { id: "stopped", header: "Stopped at", sortingField: "stoppedAt", cell: (job) => <Time at={job.stoppedAt} /> },
          { id: "exit", header: "Exit code", cell: (job) => job.container?.exitCode ?? "-" },
        ]}
      />
      {ending && (
        <EndJobs
          how={ending}
          jobs={selected}
          close={() => {
            end(null);
            select([]);
            void refetch();
          }}
        />
      )}
    </SpaceBetween>
  );
}

/** The queue's jobs in a state, or in each; newest first. */
async function listJobs(region: string, jobQueue: string, status: string): Promise<JobSummary[]> {
  const client = batch(region);
  const states = status === "ALL" ? STATES : [status as JobStatus];
  const lists = await Promise.all(
    states.map((jobStatus) =>
      all(paginateListJobs({ client, pageSize: 100 }, { jobQueue, jobStatus }), (page) => page.jobSummaryList),
    ),
  );
  return lists
    .flat()
    .sort((a, b) => (b.createdAt ?? 0) - (a.createdAt ?? 0))
    .slice(0, MOST);
}
