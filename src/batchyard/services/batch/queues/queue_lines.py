"""A queue's jobs of one status, and the front of its line: first-in-first-out, or by turns of its shares.

Single jobs and children of arrays have an index each, so that a page of a queue's jobs need not step over children.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Select, bindparam, select

from batchyard.scheduler.shares import in_turn
from batchyard.scheduler.snapshot import SchedulingPolicy, Share
from batchyard.services.batch.jobs.states import RUNNABLE
from batchyard.services.batch.rows import WaitingRow
from batchyard.services.batch.tables import jobs
from batchyard.store.prepared import Typed
from batchyard.store.transaction import Transaction

FRONT = 256
"""How many jobs of a queue one plan looks at."""
_FIRST_OF_SHARE = 2

R = TypeVar("R")
OfQueue = tuple[Typed[R], ...]
"""One statement for each index that a queue's jobs are found by."""


def of_queue(query: Select[Any], row: type[R], *, most: int, order: Sequence[Any] = ()) -> OfQueue[R]:
    """`query` for up to `most` single jobs and as many children, of one queue and status; see `read`."""
    narrowed = (
        query.where(jobs.c.queue_id == bindparam("queue_id"))
        .where(jobs.c.status == bindparam("status"))
        .order_by(*order)
        .limit(most)
    )
    kinds = (jobs.c.array_parent.is_(None), jobs.c.array_parent.is_not(None))
    return tuple(Typed(narrowed.where(kind), row) for kind in kinds)


def read(tx: Transaction, statements: OfQueue[R], *, queue_id: int, status: str) -> list[R]:
    """The rows of `of_queue`, those of each statement in its order."""
    return [row for one in statements for row in tx.all(one, queue_id=queue_id, status=status)]


_WAITING = select(
    jobs.c.id,
    jobs.c.job_id,
    jobs.c.definition_id,
    jobs.c.vcpus,
    jobs.c.memory_mib,
    jobs.c.gpus,
    jobs.c.asked,
    jobs.c.created_ms,
    jobs.c.status_reason,
    jobs.c.share_identifier,
    jobs.c.scheduling_priority,
    jobs.c.resources,
    jobs.c.attempt,
    jobs.c.node_count,
)
_OLDEST = of_queue(_WAITING, WaitingRow, most=FRONT, order=(jobs.c.created_ms, jobs.c.id))
_IN_QUEUE = (
    (jobs.c.queue_id == bindparam("queue_id"))
    & (jobs.c.status == RUNNABLE)
    & jobs.c.share_identifier.is_not(None)
)
_OF_SHARE = Typed(
    _WAITING.where(_IN_QUEUE)
    .where(jobs.c.share_identifier == bindparam("share"))
    .order_by(jobs.c.scheduling_priority.desc(), jobs.c.created_ms, jobs.c.id)
    .limit(bindparam("most"))
    .offset(bindparam("passed")),
    WaitingRow,
)


def oldest(tx: Transaction, queue_id: int) -> tuple[WaitingRow, ...]:
    """The RUNNABLE jobs at the front of a queue that is first-in-first-out."""
    found = (tx.all(one, queue_id=queue_id, status=RUNNABLE) for one in _OLDEST)
    merged = heapq.merge(*found, key=lambda row: (row.created_ms, row.id))
    return tuple(itertools.islice(merged, FRONT))


def in_turns(
    tx: Transaction, queue_id: int, policy: SchedulingPolicy, shares: Sequence[Share], now: datetime
) -> tuple[WaitingRow, ...]:
    """The RUNNABLE jobs at the front of a queue with a policy: as many are read of each share as have their turn."""
    waiting = {
        one.share_identifier: _of_share(tx, queue_id, one.share_identifier)
        for one in shares
        if one.is_waiting
    }
    return tuple(itertools.islice(in_turn(policy, shares, waiting, now), FRONT))


def _of_share(tx: Transaction, queue_id: int, share: str) -> Iterator[WaitingRow]:
    """The jobs of a share in its own order: few at first, more where it has many turns."""
    most, passed = _FIRST_OF_SHARE, 0
    while passed < FRONT:
        rows = tx.all(_OF_SHARE, queue_id=queue_id, share=share, most=most, passed=passed)
        yield from rows
        if len(rows) < most:
            return
        passed += most
        most *= 4
