"""A queue's jobs of one status, and the front of its line: first-in-first-out, or for each share.

Single jobs and children of arrays have an index each, so that a page of a queue's jobs need not step over children.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Select, bindparam, select

from batchyard.services.batch.jobs.states import RUNNABLE
from batchyard.services.batch.tables import jobs
from batchyard.store.prepared import Prepared, Row
from batchyard.store.transaction import Transaction

FRONT = 256
"""How many jobs of a queue one plan looks at; its shares have equal parts of it, and at least one each."""

OfQueue = tuple[Prepared, ...]
"""One statement for each index that a queue's jobs are found by."""


def of_queue(query: Select[Any], *, most: int, order: Sequence[Any] = ()) -> OfQueue:
    """`query` for up to `most` single jobs and as many children, of one queue and status; see `read`."""
    narrowed = (
        query.where(jobs.c.queue_id == bindparam("queue_id"))
        .where(jobs.c.status == bindparam("status"))
        .order_by(*order)
        .limit(most)
    )
    kinds = (jobs.c.array_parent.is_(None), jobs.c.array_parent.is_not(None))
    return tuple(Prepared(narrowed.where(kind)) for kind in kinds)


def read(tx: Transaction, statements: OfQueue, *, queue_id: int, status: str) -> list[Row]:
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
)
_OLDEST = of_queue(_WAITING, most=FRONT, order=(jobs.c.created_ms, jobs.c.id))
_IN_QUEUE = (
    (jobs.c.queue_id == bindparam("queue_id"))
    & (jobs.c.status == RUNNABLE)
    & jobs.c.share_identifier.is_not(None)
)
_NEXT_SHARE = Prepared(
    select(jobs.c.share_identifier)
    .where(_IN_QUEUE)
    .where(jobs.c.share_identifier > bindparam("after"))
    .order_by(jobs.c.share_identifier)
    .limit(1)
)
_OF_SHARE = Prepared(
    _WAITING.where(_IN_QUEUE)
    .where(jobs.c.share_identifier == bindparam("share"))
    .order_by(jobs.c.scheduling_priority.desc(), jobs.c.created_ms, jobs.c.id)
    .limit(bindparam("most"))
)


def front(tx: Transaction, queue_id: int) -> tuple[Row, ...]:
    """The RUNNABLE jobs at the front: the oldest; of a queue with shares the next of each, share by share."""
    oldest = [tx.all(one, queue_id=queue_id, status=RUNNABLE) for one in _OLDEST]
    if any(has_shares(rows) for rows in oldest):
        return tuple(_share_by_share(tx, queue_id))
    merged = heapq.merge(*oldest, key=lambda row: (row.created_ms, row.id))
    return tuple(itertools.islice(merged, FRONT))


def has_shares(rows: Sequence[Row]) -> bool:
    """Are these jobs of a queue whose jobs all have a share?"""
    return bool(rows) and rows[0].share_identifier is not None


def _share_by_share(tx: Transaction, queue_id: int) -> Iterator[Row]:
    shares = tuple(_shares(tx, queue_id))
    most = math.ceil(FRONT / len(shares)) if shares else 0
    for share in shares:
        yield from tx.all(_OF_SHARE, queue_id=queue_id, share=share, most=most)


def _shares(tx: Transaction, queue_id: int) -> Iterator[str]:
    """The shares of which jobs wait, by name: one step in the index for each, however many jobs wait."""
    share = ""
    while (found := tx.first(_NEXT_SHARE, queue_id=queue_id, after=share)) is not None:
        share = str(found.share_identifier)
        yield share
