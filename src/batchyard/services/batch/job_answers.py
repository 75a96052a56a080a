"""A job as DescribeJobs and ListJobs show it: every empty list is there, as recorded (batch-jobs.md 2)."""

from __future__ import annotations

from typing import Any

from batchyard.services.batch.retry_strategies import shown_retry_strategy
from batchyard.services.batch.states import ENDED
from batchyard.store.prepared import Row


def job_arn(row: Row) -> str:
    """The ARN of a job's row."""
    return f"arn:{row.partition}:batch:{row.region}:{row.account}:job/{row.job_id}"


def detail(row: Row) -> dict[str, Any]:
    """The JobDetail of DescribeJobs; `row` has all columns of the jobs table."""
    spec = row.spec
    shown: dict[str, Any] = {
        "jobArn": job_arn(row),
        "jobName": row.name,
        "jobId": row.job_id,
        "jobQueue": row.queue_arn,
        "status": row.status,
        "attempts": row.attempts,
        "createdAt": row.created_ms,
        "retryStrategy": shown_retry_strategy(spec.get("retryStrategy")),
        "dependsOn": spec["dependsOn"],
        "jobDefinition": row.definition_arn,
        "parameters": spec["parameters"],
        "container": {
            "volumes": [],
            "mountPoints": [],
            "ulimits": [],
            "secrets": [],
            "networkInterfaces": [],
            **spec["container"],
            **(row.task or {}),
            **_outcome(row),
        },
        "tags": row.tags,
        "propagateTags": spec["propagateTags"],
        "platformCapabilities": spec["platformCapabilities"],
        "eksAttempts": [],
        "isCancelled": row.cancelled,
        "isTerminated": row.terminated,
    }
    if "timeout" in spec:
        shown["timeout"] = spec["timeout"]
    return shown | _progress(row)


def summary(row: Row) -> dict[str, Any]:
    """The JobSummary of ListJobs."""
    shown = {
        "jobArn": job_arn(row),
        "jobId": row.job_id,
        "jobName": row.name,
        "createdAt": row.created_ms,
        "status": row.status,
        "jobDefinition": row.definition_arn,
        **_progress(row),
    }
    outcome = _outcome(row)
    return {**shown, "container": outcome} if outcome else shown


def _progress(row: Row) -> dict[str, Any]:
    found = {"statusReason": row.status_reason, "startedAt": row.started_ms, "stoppedAt": row.stopped_ms}
    return {member: value for member, value in found.items() if value is not None}


def _outcome(row: Row) -> dict[str, Any]:
    """exitCode and reason of the attempt that decided; nothing while the job goes on."""
    if row.status not in ENDED or not row.attempts:
        return {}
    container = row.attempts[-1]["container"]
    return {member: container[member] for member in ("exitCode", "reason") if member in container}
