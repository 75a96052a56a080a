"""The front of a queue as the last plan left it: who stands at which place since when, and why the first one waits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, select

from batchyard.clock import microseconds
from batchyard.services.batch.tables import queue_fronts
from batchyard.store.prepared import Prepared, Row
from batchyard.store.transaction import Transaction
from batchyard.store.upsert import upsert

PLACES = 100
"""How many jobs of a queue are told [doc: BOTO GetJobQueueSnapshot]."""

_OF_QUEUE = queue_fronts.c.queue_id == bindparam("of_queue")
_FIND = Prepared(select(queue_fronts).where(_OF_QUEUE))
_KEEP = Prepared(upsert(queue_fronts, {column.name: bindparam(column.name) for column in queue_fronts.c}))
_FORGET = Prepared(delete(queue_fronts).where(_OF_QUEUE))

Front = dict[str, Any]
"""The columns of a front."""


def find(tx: Transaction, queue_id: int) -> Row | None:
    """The front of a queue, or None where nothing has waited there yet."""
    return tx.first(_FIND, of_queue=queue_id)


def next_front(
    before: Row | None, queue: Row, waiting: Sequence[int], reason: str | None, now: datetime
) -> Front | None:
    """What the front is with these jobs waiting, the first for this reason; None where it is as it was before.

    A job that keeps its place keeps the moment since when it has it.
    """
    now_ms = microseconds(now) // 1000
    was: Sequence[Sequence[int]] = () if before is None else before.jobs
    jobs = [
        [job, was[place][1] if place < len(was) and was[place][0] == job else now_ms]
        for place, job in enumerate(waiting[:PLACES])
    ]
    same_first = bool(was) and bool(jobs) and was[0][0] == jobs[0][0]
    keeps = before is not None and same_first and before.reason == reason
    reason_ms = before.reason_ms if keeps and before is not None else (None if reason is None else now_ms)
    if (before is None and not jobs) or (jobs == was and keeps) or (jobs == was == []):
        return None
    return {
        "queue_id": queue.id,
        "account": queue.account,
        "jobs": jobs,
        "reason": reason,
        "reason_ms": reason_ms,
        "updated_ms": now_ms,
    }


def keep(tx: Transaction, front: Front) -> None:
    """Put the front in the place of the front that was kept."""
    tx.run(_KEEP, **front)


def forget(tx: Transaction, queue_id: int) -> None:
    """Forget the front of a queue that goes."""
    tx.run(_FORGET, of_queue=queue_id)
