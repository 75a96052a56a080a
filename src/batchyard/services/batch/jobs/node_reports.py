"""What the tasks of a multi-node parallel job tell of it: the main node decides, and the others end with it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from batchyard.clock import microseconds
from batchyard.framework.context import schedule
from batchyard.framework.elapsed import Elapsed
from batchyard.framework.runtime import Runtime
from batchyard.scheduler.retry import Cause
from batchyard.services.batch.jobs import attempt_rows, job_rows
from batchyard.services.batch.jobs.job_endings import key_of
from batchyard.services.batch.jobs.nodes import node_rows
from batchyard.services.batch.jobs.states import STARTING
from batchyard.services.batch.jobs.task_reports import (
    note_progress,
    record_end,
    record_running,
    settle,
)
from batchyard.services.batch.rows import AttemptRow, JobRow
from batchyard.store.prepared import Row
from batchyard.store.transaction import Transaction

MAIN_NODE_ENDED = "Main node exited"
"""Why the other nodes are stopped [guess: the text]."""
NOT_WHOLE = "Not all nodes of the job started"
WHOLE_WITHIN_SECONDS = 60
"""After a node has ended, how long the main node may not have begun. All begin at once: then something was lost."""


def note_node(
    tx: Transaction,
    runtime: Runtime,
    row: JobRow,
    attempt: AttemptRow,
    task: Mapping[str, Any],
    *,
    elapsed: Elapsed,
    now: datetime,
) -> Row:
    """Take over that a node's task goes on; returns the job as it is then."""
    if attempt.node != row.main_node:
        if attempt.status == STARTING and task.get("startedAt") is not None:
            record_running(tx, attempt, task)
        return row
    noted = note_progress(tx, row, attempt, task, elapsed=elapsed, now=now)
    if noted.status == STARTING and noted.end_reason is None:
        noted = _give_up(tx, noted, now)
    if noted.end_reason != row.end_reason:
        wake_nodes(tx, runtime, noted)
    return noted


def end_node(
    tx: Transaction,
    runtime: Runtime,
    row: JobRow,
    attempt: AttemptRow,
    task: Mapping[str, Any] | None,
    *,
    now: datetime,
) -> None:
    """Record that a node's attempt is over: with the main node's the others are stopped, with the last one's the job
    is retried or ends as its main node did.

    Another node that ends changes nothing (batch-jobs.md 5), unless none of them began: then none does.
    """
    [node] = node_rows(row, [attempt.node])
    attempt = record_end(tx, node, attempt, task, now=now)
    main = attempt_rows.find_newest(tx, row, node=row.main_node or 0)
    if main is None:
        raise LookupError(f"the main node of the job {row.job_id} has no attempt {row.attempt}")
    if row.end_reason is None and attempt.node == main.node:
        row = job_rows.change(tx, row, now=now, end_reason=MAIN_NODE_ENDED)
        wake_nodes(tx, runtime, row)
    elif row.end_reason is None and row.status == STARTING:
        if attempt.started_ms is None and attempt.exit_code is None:
            row = job_rows.change(tx, row, now=now, end_reason=attempt.status_reason or NOT_WHOLE)
            wake_nodes(tx, runtime, row)
        elif main.task_arn is not None:
            _look_later(tx, runtime, row, main)
    if not attempt_rows.has_live_nodes(tx, row):
        settle(tx, runtime, row, main, _cause(row, main), now=now)


def wake_nodes(tx: Transaction, runtime: Runtime, row: JobRow) -> None:
    """Have every node's task looked at that has not ended: it is to be stopped."""
    for one in attempt_rows.find_gang(tx, row):
        if one.task_arn is not None and one.stopped_ms is None:
            schedule(runtime, tx, key_of(row, "batch.watching", one.task_arn, grouping=one.cluster_arn))


def _look_later(tx: Transaction, runtime: Runtime, row: JobRow, main: Row) -> None:
    key = key_of(row, "batch.watching", main.task_arn, grouping=main.cluster_arn)
    schedule(runtime, tx, key, delay_seconds=WHOLE_WITHIN_SECONDS)


def _give_up(tx: Transaction, row: JobRow, now: datetime) -> Row:
    """The job, to be ended where another node ended long ago while its main node has not begun."""
    until = microseconds(now) // 1000 - WHOLE_WITHIN_SECONDS * 1000
    gang = attempt_rows.find_gang(tx, row)
    lost = next((one for one in gang if one.stopped_ms is not None and one.stopped_ms <= until), None)
    if lost is None:
        return row
    return job_rows.change(tx, row, now=now, end_reason=lost.status_reason or NOT_WHOLE)


def _cause(row: JobRow, main: Row) -> Cause:
    """What ended the main node, by its attempt."""
    if (row.terminated or row.timed_out) and main.status_reason == row.end_reason:
        return Cause.TERMINATED if row.terminated else Cause.TIMED_OUT
    if main.exit_code is not None:
        return Cause.EXITED
    lost = (main.status_reason or "").startswith("Host EC2")
    return Cause.HOST_LOST if lost else Cause.START_FAILED
