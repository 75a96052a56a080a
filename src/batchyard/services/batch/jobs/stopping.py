"""Jobs that shall end: what waits ends at once, what has a task when the task has stopped."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, delete

from batchyard.framework.context import schedule
from batchyard.framework.runtime import Runtime
from batchyard.services.batch.jobs import array_rows, attempt_rows, job_rows
from batchyard.services.batch.jobs.job_endings import end_job, key_of
from batchyard.services.batch.jobs.node_reports import wake_nodes
from batchyard.services.batch.jobs.states import ENDED, FAILED, PENDING
from batchyard.services.batch.rows import JobRow
from batchyard.services.batch.tables import job_dependencies
from batchyard.store.prepared import Prepared
from batchyard.store.transaction import Transaction

_IN_NO_ORDER = Prepared(
    delete(job_dependencies)
    .where(job_dependencies.c.on_job == bindparam("parent"))
    .where(job_dependencies.c.waiting_job == bindparam("parent"))
)


def cancel(tx: Transaction, runtime: Runtime, row: JobRow, *, reason: str, now: datetime) -> None:
    """End a job that has no task; a job that waits for others ends only when they have (batch-jobs.md 2)."""
    if row.cancelled:
        return
    if row.status == PENDING:
        job_rows.change(tx, row, now=now, cancelled=True, end_reason=reason)
        return
    end_job(tx, runtime, row, status=FAILED, reason=reason, now=now, cancelled=True)
    schedule(runtime, tx, key_of(row, "batch.placing", "queues"))


def stop(tx: Transaction, runtime: Runtime, row: JobRow, *, reason: str, now: datetime) -> None:
    """Have the task of a job, or those of its nodes, stopped; what is not known yet is looked at as soon as it is."""
    row = job_rows.change(tx, row, now=now, terminated=True, end_reason=reason)
    if row.node_count is not None:
        wake_nodes(tx, runtime, row)
        return
    attempt = attempt_rows.find_newest(tx, row)
    if attempt is not None and attempt.task_arn is not None:
        schedule(runtime, tx, key_of(row, "batch.watching", attempt.task_arn, grouping=attempt.cluster_arn))


def end_array(
    tx: Transaction, runtime: Runtime, parent: JobRow, *, reason: str, running_too: bool, now: datetime
) -> None:
    """Have all children of an array job ended, those that run only where `running_too`; the parent ends with them."""
    asked_before = parent.terminated or (parent.cancelled and not running_too)
    if parent.status in ENDED or asked_before:
        return
    asked = {"terminated": True} if running_too else {"cancelled": True}
    job_rows.change(tx, parent, now=now, end_reason=reason, **asked)
    # They all end: none waits for the child before it any more.
    tx.run(_IN_NO_ORDER, parent=parent.id)
    array_rows.advance(tx, array_rows.require(tx, parent.id), judged_to=0)
    schedule(runtime, tx, key_of(parent, "batch.arrays", parent.job_id))
