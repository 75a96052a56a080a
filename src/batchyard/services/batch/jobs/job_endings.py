"""The end of a job: its row, the jobs that wait for it, and the day on which it is forgotten."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, select

from batchyard.clock import microseconds
from batchyard.framework.context import schedule
from batchyard.framework.runtime import Runtime
from batchyard.framework.work import Key
from batchyard.scheduler.arrays import parent_status
from batchyard.services.batch.jobs import array_rows, job_rows
from batchyard.services.batch.jobs.job_rows import PLAIN
from batchyard.services.batch.jobs.states import ENDED, FAILED, PENDING
from batchyard.services.batch.rows import JobRow
from batchyard.services.batch.tables import job_dependencies
from batchyard.store.prepared import Prepared
from batchyard.store.transaction import Transaction

KEPT = timedelta(days=7)
"""How long an ended job can be described (batch-jobs.md 2)."""
PLACING_DELAY_SECONDS = 0.02
"""Wake-ups of the placing controller within this time cost one plan."""

_AWAITED = Prepared(
    select(job_dependencies.c.on_job)
    .where(job_dependencies.c.on_job == bindparam("job"))
    .where(job_dependencies.c.kind == PLAIN)
    .limit(1)
)
_AWAITED_BY_INDEX = Prepared(
    select(job_dependencies.c.on_job)
    .where(job_dependencies.c.on_job == bindparam("array_parent"))
    .where(job_dependencies.c.kind != PLAIN)
    .limit(1)
)
_WAIT_NO_MORE = Prepared(delete(job_dependencies).where(job_dependencies.c.waiting_job == bindparam("job")))


def end_job(
    tx: Transaction,
    runtime: Runtime,
    row: JobRow,
    *,
    status: str,
    reason: str | None,
    now: datetime,
    **values: Any,
) -> None:
    """Bring a job to SUCCEEDED or FAILED and wake what follows from it; `values` are further columns.

    With an array job's last child its parent ends.
    """
    values.setdefault("stopped_ms", microseconds(now) // 1000)
    job_rows.change(tx, row, now=now, status=status, status_reason=reason, **values)
    is_child = row.array_parent is not None
    if row.status == PENDING and not is_child:
        tx.run(_WAIT_NO_MORE, job=row.id)
    if tx.first(_AWAITED, job=row.id) is not None or (
        is_child and tx.first(_AWAITED_BY_INDEX, array_parent=row.array_parent) is not None
    ):
        schedule(runtime, tx, key_of(row, "batch.releasing", row.job_id))
    if row.array_parent is not None:
        _end_parent(tx, runtime, row.array_parent, now)
    else:
        schedule(runtime, tx, key_of(row, "batch.sweeping", "finished"), delay_seconds=KEPT.total_seconds())


def _end_parent(tx: Transaction, runtime: Runtime, identity: int, now: datetime) -> None:
    """End an array job's parent where all of its children have ended.

    A job that was cancelled or terminated has the caller's reason [guess]: as any job has.
    """
    status, reason = parent_status(array_rows.counts(array_rows.require(tx, identity)))
    if status not in ENDED:
        return
    parent = job_rows.find(tx, identity)
    if parent is not None and parent.status not in ENDED:
        was_ended = status == FAILED and (parent.cancelled or parent.terminated)
        told = parent.end_reason if was_ended else reason
        end_job(tx, runtime, parent, status=status, reason=told, now=now, end_reason=None)


def wake_array(tx: Transaction, runtime: Runtime, row: JobRow) -> None:
    """Have the array of a child looked at that waits again: its parent may have been cancelled meanwhile."""
    if row.array_parent is not None:
        parent_id = row.job_id.rpartition(":")[0]
        schedule(runtime, tx, key_of(row, "batch.arrays", parent_id))


def wake_placing(tx: Transaction, runtime: Runtime, row: JobRow) -> None:
    """Have the account's queues looked at: room came free, or a job became RUNNABLE."""
    schedule(runtime, tx, key_of(row, "batch.placing", "queues"), delay_seconds=PLACING_DELAY_SECONDS)


def key_of(row: JobRow, controller: str, name: str, *, grouping: str = "") -> Key:
    """The key of a controller's work in the account and Region of a row."""
    return Key(controller, row.account, row.partition, row.region, name, grouping)
