"""The end of a job: its row, the jobs that wait for it, and the day on which it is forgotten."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, select

from batchyard.clock import microseconds
from batchyard.framework.context import schedule
from batchyard.framework.runtime import Runtime
from batchyard.framework.work import Key
from batchyard.services.batch import job_rows
from batchyard.services.batch.states import PENDING
from batchyard.services.batch.tables import job_dependencies
from batchyard.store.prepared import Prepared, Row
from batchyard.store.transaction import Transaction

KEPT = timedelta(days=7)
"""How long an ended job can be described (batch-jobs.md 2)."""
PLACING_DELAY_SECONDS = 0.02
"""Wake-ups of the placing controller within this time cost one plan."""

_AWAITED = Prepared(
    select(job_dependencies.c.on_job).where(job_dependencies.c.on_job == bindparam("job")).limit(1)
)
_WAIT_NO_MORE = Prepared(delete(job_dependencies).where(job_dependencies.c.waiting_job == bindparam("job")))


def end_job(
    tx: Transaction,
    runtime: Runtime,
    row: Row,
    *,
    status: str,
    reason: str | None,
    now: datetime,
    **values: Any,
) -> None:
    """Bring a job to SUCCEEDED or FAILED and wake what follows from it; `values` are further columns."""
    values.setdefault("stopped_ms", microseconds(now) // 1000)
    job_rows.change(tx, row, status=status, status_reason=reason, **values)
    if row.status == PENDING:
        tx.run(_WAIT_NO_MORE, job=row.id)
    if tx.first(_AWAITED, job=row.id) is not None:
        schedule(runtime, tx, key_of(row, "batch.releasing", row.job_id))
    schedule(runtime, tx, key_of(row, "batch.sweeping", "finished"), delay_seconds=KEPT.total_seconds())


def wake_placing(tx: Transaction, runtime: Runtime, row: Row) -> None:
    """Have the account's queues looked at: room came free, or a job became RUNNABLE."""
    schedule(runtime, tx, key_of(row, "batch.placing", "queues"), delay_seconds=PLACING_DELAY_SECONDS)


def key_of(row: Row, controller: str, name: str, *, grouping: str = "") -> Key:
    """The key of a controller's work in the account and Region of a row."""
    return Key(controller, row.account, row.partition, row.region, name, grouping)
