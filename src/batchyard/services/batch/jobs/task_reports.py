"""What a task tells of its job: it runs, or its attempt is over and the job goes on or ends."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from batchyard.clock import from_microseconds, microseconds
from batchyard.framework.elapsed import Elapsed
from batchyard.framework.runtime import Runtime
from batchyard.scheduler.retry import Cause, Retry, decide
from batchyard.services.batch.definitions.job_tasks import task_of_spec
from batchyard.services.batch.definitions.retry_strategies import scheduling_strategy
from batchyard.services.batch.jobs import attempt_rows, job_rows
from batchyard.services.batch.jobs.job_endings import end_job, wake_array, wake_placing
from batchyard.services.batch.jobs.states import FAILED, RUNNABLE, RUNNING, STARTING, SUCCEEDED
from batchyard.services.batch.rows import AttemptRow, JobRow
from batchyard.store.prepared import Row
from batchyard.store.transaction import Transaction

TIMED_OUT = "Job attempt duration exceeded timeout"
TASK_MISSING = "Host EC2 terminated."
"""Of a task that ECS knows nothing of any more [guess]: `Host EC2*` is how retry rules name a lost host."""


def milliseconds(moment: datetime) -> int:
    """A time as Batch writes it."""
    return microseconds(moment) // 1000


def left_seconds(row: JobRow, elapsed: Elapsed) -> float | None:
    """How long the current attempt may still run, or None without a timeout or before it runs."""
    seconds = row.spec.get("timeout", {}).get("attemptDurationSeconds")
    if seconds is None or row.started_ms is None:
        return None
    started = from_microseconds(row.started_ms * 1000)
    return float(seconds) - elapsed.seconds((row.job_id, row.attempt), started)


def note_progress(
    tx: Transaction,
    row: JobRow,
    attempt: AttemptRow,
    task: Mapping[str, Any],
    *,
    elapsed: Elapsed,
    now: datetime,
) -> Row:
    """Take over that an attempt's task runs, and that it has run too long; returns the job as it is then."""
    if row.status == STARTING and task.get("startedAt") is not None:
        started_ms = milliseconds(task["startedAt"])
        row = job_rows.change(tx, row, now=now, status=RUNNING, started_ms=started_ms, status_reason=None)
        record_running(tx, attempt, task)
    waits_for = task["containers"][0].get("reason")
    if row.status == STARTING and waits_for and waits_for != row.status_reason:
        row = job_rows.change(tx, row, now=now, status_reason=waits_for)
    left = left_seconds(row, elapsed)
    if left is not None and left <= 0 and not (row.timed_out or row.terminated):
        row = job_rows.change(tx, row, now=now, timed_out=True, end_reason=TIMED_OUT)
    return row


def record_running(tx: Transaction, attempt: AttemptRow, task: Mapping[str, Any]) -> None:
    """Write that an attempt's task runs."""
    started_ms = milliseconds(task["startedAt"])
    attempt_rows.change(tx, attempt, status=RUNNING, started_ms=started_ms, **_place(attempt, task))


def is_to_end(row: JobRow) -> bool:
    """Is a job that is placed to have its tasks stopped? Those of its nodes also where its main node has ended."""
    return bool(row.terminated or row.timed_out or (row.node_count is not None and row.end_reason))


def end_attempt(
    tx: Transaction,
    runtime: Runtime,
    row: JobRow,
    attempt: AttemptRow,
    task: Mapping[str, Any] | None,
    *,
    now: datetime,
) -> None:
    """Record that a job's attempt is over with its task (None: that is gone), then retry the job or end it."""
    cause = _cause(row, task)
    settle(tx, runtime, row, record_end(tx, row, attempt, task, now=now), cause, now=now)


def record_end(
    tx: Transaction, row: JobRow, attempt: AttemptRow, task: Mapping[str, Any] | None, *, now: datetime
) -> Row:
    """Write that an attempt is over, and with what outcome; returns it as it is then."""
    return attempt_rows.change(tx, attempt, **_end(row, attempt, task, now))


def settle(
    tx: Transaction, runtime: Runtime, row: JobRow, attempt: AttemptRow, cause: Cause, *, now: datetime
) -> None:
    """Retry a job, or end it as its attempt ended."""
    verdict = decide(
        attempts_made=row.attempt,
        retry_strategy=scheduling_strategy(row.spec.get("retryStrategy", {})),
        exit_code=attempt.exit_code,
        reason=attempt.reason,
        status_reason=attempt.status_reason,
        cause=cause,
    )
    if isinstance(verdict, Retry) and not (row.terminated or row.timed_out):
        again = {"status_reason": None, "started_ms": None, "end_reason": None}
        job_rows.change(tx, row, now=now, status=RUNNABLE, **again)
        wake_array(tx, runtime, row)
    else:
        end_job(
            tx,
            runtime,
            row,
            status=attempt.status,
            reason=attempt.status_reason,
            now=now,
            started_ms=attempt.started_ms,
            stopped_ms=attempt.stopped_ms,
            end_reason=None,
            timed_out=False,
        )
    wake_placing(tx, runtime, row)


def _end(row: JobRow, attempt: AttemptRow, task: Mapping[str, Any] | None, now: datetime) -> dict[str, Any]:
    """The columns of an attempt that is over."""
    if task is None:
        return {"status": FAILED, "stopped_ms": milliseconds(now), "status_reason": TASK_MISSING}
    told = _deciding(row, task)
    succeeded = _cause(row, task) is Cause.EXITED and told["exitCode"] == 0
    started = task.get("startedAt")
    return {
        "status": SUCCEEDED if succeeded else FAILED,
        "started_ms": None if started is None else milliseconds(started),
        "stopped_ms": milliseconds(task.get("stoppedAt") or now),
        "exit_code": told.get("exitCode"),
        "reason": told.get("reason"),
        "status_reason": row.end_reason if _was_stopped(row, task) else task.get("stoppedReason", ""),
        "containers": _ends(attempt, task),
        **_place(attempt, task),
    }


def _deciding(row: JobRow, task: Mapping[str, Any]) -> Mapping[str, Any]:
    """The container by whose end the attempt is judged: the first essential one that did not end with 0, else the first
    essential one. That all of them must succeed is a [guess]; what is not essential decides nothing (botocore's text).
    """
    is_essential = {one["name"]: one.get("essential", True) for one in task_of_spec(row.spec)["containers"]}
    essential = [one for one in task["containers"] if is_essential.get(one["name"], True)]
    failed = (one for one in essential if one.get("exitCode") != 0)
    return next(failed, essential[0])


def _ends(attempt: AttemptRow, task: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """The containers of a job of ecsProperties with what ECS tells of their ends."""
    if attempt.containers is None:
        return None
    by_name = {one["name"]: one for one in task["containers"]}
    ends = [
        {
            member: by_name[one["name"]][member]
            for member in ("exitCode", "reason")
            if member in by_name[one["name"]]
        }
        for one in attempt.containers
    ]
    return [{**one, **end} for one, end in zip(attempt.containers, ends, strict=True)]


def _place(attempt: AttemptRow, task: Mapping[str, Any]) -> dict[str, Any]:
    return {"container_instance_arn": task.get("containerInstanceArn") or attempt.container_instance_arn}


def _was_stopped(row: JobRow, task: Mapping[str, Any]) -> bool:
    """Did the task stop because Batch wanted it to? One that had ended by itself before did not."""
    return is_to_end(row) and task.get("stopCode") == "UserInitiated"


def _cause(row: JobRow, task: Mapping[str, Any] | None) -> Cause:
    if task is None:
        return Cause.HOST_LOST
    if _was_stopped(row, task):
        return Cause.TERMINATED if row.terminated else Cause.TIMED_OUT
    if _deciding(row, task).get("exitCode") is not None:
        return Cause.EXITED
    lost = task.get("stoppedReason", "").startswith("Host EC2")
    return Cause.HOST_LOST if lost else Cause.START_FAILED
