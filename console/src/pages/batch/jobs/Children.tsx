// An array's children: how far it is, failed children first.

import ProgressBar from "@cloudscape-design/components/progress-bar";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { DescribeJobsCommand, type JobSummary, paginateListJobs } from "@aws-sdk/client-batch";
import { useQuery } from "@tanstack/react-query";

import { batch } from "../../../aws";
import { AppLink } from "../../../parts/AppLink";
import { ResourceTable } from "../../../parts/ResourceTable";
import { Status } from "../../../parts/status";
import { all } from "../../../queries";
import { STATES } from "./states";

const LIVE_MS = 2000;
const FAILED_FIRST = ["FAILED", "RUNNING", "STARTING", "RUNNABLE", "PENDING", "SUBMITTED", "SUCCEEDED"] as const;

export function Children({ parent, region, live }: { parent: string; region: string; live: boolean }) {
  const refetchInterval = live ? LIVE_MS : (false as const);
  const { data: described } = useQuery({
    queryKey: ["children-summary", region, parent, live],
    queryFn: () => batch(region).send(new DescribeJobsCommand({ jobs: [parent] })),
    refetchInterval,
  });
  const { data, error } = useQuery({
    queryKey: ["children", region, parent, live],
    queryFn: () => children(region, parent),
    refetchInterval,
  });
  const array = described?.jobs?.[0]?.arrayProperties;
  const counts = array?.statusSummary ?? {};
  const ended = (counts.SUCCEEDED ?? 0) + (counts.FAILED ?? 0);
  const size = array?.size ?? 0;
  return (
    <SpaceBetween size="m">
      <ProgressBar
        label="Ended children"
        value={size ? (100 * ended) / size : 0}
        additionalInfo={STATES.map((state) => `${state}: ${counts[state] ?? 0}`).join(" · ")}
      />
      <ResourceTable<JobSummary>
        title="Child jobs"
        noun="child job"
        items={data}
        error={error}
        keyOf={(job) => job.jobId as string}
        columns={[
          {
            id: "index",
            header: "Index",
            isRowHeader: true,
            cell: (job) => (
              <AppLink to={`/batch/jobs/${encodeURIComponent(job.jobId as string)}`}>
                {String(job.arrayProperties?.index)}
              </AppLink>
            ),
          },
          { id: "status", header: "Status", cell: (job) => <Status value={job.status} /> },
          { id: "reason", header: "Status reason", cell: (job) => job.statusReason ?? "-" },
          { id: "exit", header: "Exit code", cell: (job) => job.container?.exitCode ?? "-" },
        ]}
      />
    </SpaceBetween>
  );
}

async function children(region: string, arrayJobId: string): Promise<JobSummary[]> {
  const client = batch(region);
  const lists = FAILED_FIRST.map((jobStatus) =>
    all(paginateListJobs({ client, pageSize: 100 }, { arrayJobId, jobStatus }), (page) => page.jobSummaryList),
  );
  return (await Promise.all(lists)).flat();
}
