// A job's attempts: when each ran, how it ended and why.

import type { AttemptDetail, JobDetail } from "@aws-sdk/client-batch";

import { ResourceTable } from "../../../parts/ResourceTable";
import { Time } from "../../../parts/Time";

export function Attempts({ job }: { job: JobDetail }) {
  const attempts = (job.attempts ?? []).map((attempt, index) => ({ ...attempt, number: index + 1 }));
  return (
    <ResourceTable<AttemptDetail & { number: number }>
      title="Job attempts"
      noun="attempt"
      items={attempts}
      keyOf={(one) => String(one.number)}
      columns={[
        { id: "number", header: "Attempt", isRowHeader: true, cell: (one) => one.number },
        { id: "started", header: "Started at", cell: (one) => <Time at={one.startedAt} /> },
        { id: "stopped", header: "Stopped at", cell: (one) => <Time at={one.stoppedAt} /> },
        { id: "exit", header: "Exit code", cell: (one) => one.container?.exitCode ?? "-" },
        { id: "reason", header: "Reason", cell: (one) => one.container?.reason ?? one.statusReason ?? "-" },
        { id: "stream", header: "Log stream", cell: (one) => one.container?.logStreamName ?? "-" },
      ]}
    />
  );
}
