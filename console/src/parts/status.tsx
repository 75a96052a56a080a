// The states of Batch's resources and jobs, as AWS's console colours them.

import StatusIndicator, { type StatusIndicatorProps } from "@cloudscape-design/components/status-indicator";

const TYPES: Record<string, StatusIndicatorProps.Type> = {
  VALID: "success",
  ACTIVE: "success",
  ENABLED: "success",
  SUCCEEDED: "success",
  INVALID: "error",
  FAILED: "error",
  DISABLED: "stopped",
  INACTIVE: "stopped",
  DELETED: "stopped",
  SUBMITTED: "pending",
  PENDING: "pending",
  RUNNABLE: "pending",
  STARTING: "in-progress",
  RUNNING: "in-progress",
  CREATING: "in-progress",
  UPDATING: "in-progress",
  DELETING: "in-progress",
};

export function Status({ value }: { value: string | undefined }) {
  if (value === undefined) return <>-</>;
  return <StatusIndicator type={TYPES[value] ?? "info"}>{value}</StatusIndicator>;
}
