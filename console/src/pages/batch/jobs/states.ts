// The states of a job, in the order in which it passes through them.

import type { JobStatus } from "@aws-sdk/client-batch";

export const STATES: readonly JobStatus[] = [
  "SUBMITTED",
  "PENDING",
  "RUNNABLE",
  "STARTING",
  "RUNNING",
  "SUCCEEDED",
  "FAILED",
];

export const isOver = (status: string | undefined) => status === "SUCCEEDED" || status === "FAILED";
