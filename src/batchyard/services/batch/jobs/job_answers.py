"""A job as DescribeJobs and ListJobs show it: every empty list is there, as recorded (batch-jobs.md 2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from batchyard.scheduler.arrays import status_summary
from batchyard.services.batch.definitions.retry_strategies import shown_retry_strategy
from batchyard.services.batch.jobs import array_rows
from batchyard.services.batch.jobs.states import ENDED
from batchyard.services.batch.rows import ArrayRow, AttemptRow, JobRow


def job_arn(row: JobRow) -> str:
    """The ARN of a job's row."""
    return f"arn:{row.partition}:batch:{row.region}:{row.account}:job/{row.job_id}"


def detail(row: JobRow, attempts: Sequence[AttemptRow], array: ArrayRow | None) -> dict[str, Any]:
    """The JobDetail of DescribeJobs; `row` is of `job_rows`, its attempts are in order."""
    spec = row.spec
    shown: dict[str, Any] = {
        "jobArn": job_arn(row),
        "jobName": row.name,
        "jobId": row.job_id,
        "jobQueue": row.queue_arn,
        "status": row.status,
        "attempts": [_attempt(one) for one in attempts if one.stopped_ms is not None],
        "createdAt": row.created_ms,
        "retryStrategy": shown_retry_strategy(spec.get("retryStrategy")),
        "dependsOn": spec["dependsOn"],
        "jobDefinition": row.definition_arn,
        "parameters": spec["parameters"],
        **_containers(row, attempts),
        "tags": row.tags,
        "propagateTags": spec["propagateTags"],
        "platformCapabilities": spec["platformCapabilities"],
        "eksAttempts": [],
        "isCancelled": row.cancelled,
        "isTerminated": row.terminated,
    }
    for member in ("timeout", "consumableResourceProperties"):
        if member in spec:
            shown[member] = spec[member]
    share = {"shareIdentifier": row.share_identifier, "schedulingPriority": row.scheduling_priority}
    return shown | _known(share) | _array(row, array) | _progress(row)


def node_detail(row: JobRow, index: int, attempts: Sequence[AttemptRow]) -> dict[str, Any]:
    """The JobDetail of one node of a multi-node parallel job, its row as of `nodes.find_nodes`."""
    return {
        **detail(row, attempts, None),
        "nodeDetails": {"nodeIndex": index, "isMainNode": index == row.main_node},
    }


def node_summary(row: JobRow, index: int, attempt: AttemptRow | None) -> dict[str, Any]:
    """The JobSummary of one node."""
    shown = summary(row, () if attempt is None else (attempt,), None)
    return {**shown, "nodeProperties": {"nodeIndex": index, "isMainNode": index == row.main_node}}


def summary(row: JobRow, attempts: Sequence[AttemptRow], array: ArrayRow | None) -> dict[str, Any]:
    """The JobSummary of ListJobs; the attempts count only once the job has ended."""
    shown = {
        "jobArn": job_arn(row),
        "jobId": row.job_id,
        "jobName": row.name,
        "createdAt": row.created_ms,
        "status": row.status,
        "jobDefinition": row.definition_arn,
        "isCancelled": row.cancelled,
        "isTerminated": row.terminated,
        **_known({"shareIdentifier": row.share_identifier}),
        **_array(row, array),
        **({} if row.node_count is None else {"nodeProperties": {"numNodes": row.node_count}}),
        **_progress(row),
    }
    outcome = _outcome(row, attempts)
    return {**shown, "container": outcome} if outcome else shown


def _array(row: JobRow, array: ArrayRow | None) -> dict[str, Any]:
    """arrayProperties: a child's index, or how a parent's children do."""
    if row.array_index is not None:
        return {"arrayProperties": {"index": row.array_index}}
    if array is None:
        return {}
    return {
        "arrayProperties": {
            "size": array.size,
            "statusSummary": status_summary(array_rows.counts(array)),
            "statusSummaryLastUpdatedAt": array.updated_ms,
        }
    }


def _containers(row: JobRow, attempts: Sequence[AttemptRow]) -> dict[str, Any]:
    """`container`, or `ecsProperties` with what is known of each container (recorded: apache/airflow#54254); of a
    multi-node parallel job `nodeProperties` alone: Metaflow's client tells it by that."""
    spec = row.spec
    if "nodes" in spec:
        return {"nodeProperties": _nodes(spec["nodes"])}
    if "ecsProperties" in spec:
        (task,) = spec["ecsProperties"]["taskProperties"]
        known = {one["name"]: one for one in attempts[-1].containers or ()} if attempts else {}
        has_ended = row.status in ENDED
        containers = [
            {**one, "networkInterfaces": [], **_of_container(known.get(one["name"], {}), has_ended=has_ended)}
            for one in task["containers"]
        ]
        where = _place(attempts[-1]) if attempts else {}
        return {"ecsProperties": {"taskProperties": [{**task, **where, "containers": containers}]}}
    return {
        "container": {
            "volumes": [],
            "mountPoints": [],
            "ulimits": [],
            "secrets": [],
            "networkInterfaces": [],
            **spec["container"],
            **(_task(attempts[-1]) if attempts else {}),
            **_outcome(row, attempts),
        }
    }


def _nodes(nodes: dict[str, Any]) -> dict[str, Any]:
    members = ("targetNodes", "container", "ecsProperties")
    ranges = [{member: one[member] for member in members if member in one} for one in nodes["ranges"]]
    return {
        "numNodes": nodes["numNodes"],
        "mainNode": nodes["mainNode"],
        "nodeRangeProperties": ranges,
    }


def _of_container(known: dict[str, Any], *, has_ended: bool) -> dict[str, Any]:
    """What an attempt knows of one container; how it ended only once the job has."""
    members = ("logStreamName", "exitCode", "reason") if has_ended else ("logStreamName",)
    return {member: known[member] for member in members if member in known}


def _place(attempt: AttemptRow) -> dict[str, Any]:
    return _known({"taskArn": attempt.task_arn, "containerInstanceArn": attempt.container_instance_arn})


def _attempt(row: AttemptRow) -> dict[str, Any]:
    """The AttemptDetail of an attempt that is over; with `containers` that of a job of ecsProperties, whose `container`
    tells nothing (recorded: apache/airflow#54254)."""
    several = row.containers is not None
    containers = [{**one, "networkInterfaces": []} for one in row.containers or ()]
    shown: dict[str, Any] = {
        "container": {**({} if several else {**_task(row), **_exit(row)}), "networkInterfaces": []},
        **({"taskProperties": [{**_place(row), "containers": containers}]} if several else {}),
        "stoppedAt": row.stopped_ms,
        "statusReason": row.status_reason,
    }
    return shown if row.started_ms is None else {**shown, "startedAt": row.started_ms}


def _task(attempt: AttemptRow) -> dict[str, Any]:
    return {**_place(attempt), **_known({"logStreamName": attempt.log_stream})}


def _exit(attempt: AttemptRow) -> dict[str, Any]:
    return _known({"exitCode": attempt.exit_code, "reason": attempt.reason})


def _progress(row: JobRow) -> dict[str, Any]:
    return _known(
        {"statusReason": row.status_reason, "startedAt": row.started_ms, "stoppedAt": row.stopped_ms}
    )


def _outcome(row: JobRow, attempts: Sequence[AttemptRow]) -> dict[str, Any]:
    """exitCode and reason of the attempt that decided; nothing while the job goes on."""
    return _exit(attempts[-1]) if row.status in ENDED and attempts else {}


def _known(members: dict[str, Any]) -> dict[str, Any]:
    return {member: value for member, value in members.items() if value is not None}
