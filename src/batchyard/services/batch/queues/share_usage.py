"""What the shares of queues have used and have now: it changes in the transaction that changes a job."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, delete, func, select, update

from batchyard.clock import microseconds
from batchyard.scheduler.shares import accrued, window_seconds
from batchyard.services.batch.jobs.states import ENDED, PLACED, RUNNABLE
from batchyard.services.batch.queues.fairshare_policies import MOST_SHARES
from batchyard.services.batch.tables import job_queues, scheduling_policies, share_usage
from batchyard.store.prepared import Prepared, Row
from batchyard.store.transaction import Transaction
from batchyard.store.upsert import upsert

_THIS = (share_usage.c.queue_id == bindparam("of_queue")) & (share_usage.c.share == bindparam("of_share"))
_OF_QUEUE = share_usage.c.queue_id == bindparam("of_queue")
_MORE = {
    "waiting": share_usage.c.waiting + bindparam("more_waiting"),
    "unfinished": share_usage.c.unfinished + bindparam("more_unfinished"),
}
_ENTER = Prepared(
    upsert(
        share_usage,
        {
            "queue_id": bindparam("queue_id"),
            "share": bindparam("share"),
            "account": bindparam("account"),
            "usage": 0.0,
            "at_ms": bindparam("at_ms"),
            "running_vcpus": 0.0,
            "waiting": bindparam("waiting"),
            "unfinished": bindparam("unfinished"),
        },
        lambda new: {
            "waiting": share_usage.c.waiting + new.waiting,
            "unfinished": share_usage.c.unfinished + new.unfinished,
        },
    )
)
_COUNT = Prepared(update(share_usage).where(_THIS).values(_MORE))
_RUN = Prepared(
    update(share_usage)
    .where(_THIS)
    .values(
        usage=bindparam("usage"), at_ms=bindparam("at_ms"), running_vcpus=bindparam("running_vcpus"), **_MORE
    )
)
_FIND = Prepared(
    select(
        share_usage.c.usage,
        share_usage.c.at_ms,
        share_usage.c.running_vcpus,
        func.coalesce(scheduling_policies.c.share_decay_seconds, 0).label("share_decay_seconds"),
    )
    .join(job_queues, job_queues.c.id == share_usage.c.queue_id)
    .outerjoin(scheduling_policies, scheduling_policies.c.id == job_queues.c.scheduling_policy_id)
    .where(_THIS)
)
_IS_THERE = Prepared(select(share_usage.c.unfinished).where(_THIS))
_HOW_MANY = Prepared(select(func.count().label("count")).select_from(share_usage).where(_OF_QUEUE))
_ALL = Prepared(select(share_usage).where(_OF_QUEUE))
_AT_REST = (
    _OF_QUEUE
    & (share_usage.c.unfinished == 0)
    & ((share_usage.c.usage == 0) | (share_usage.c.at_ms < bindparam("before_ms")))
)
_FORGET_AT_REST = Prepared(delete(share_usage).where(_AT_REST))
_FORGET = Prepared(delete(share_usage).where(_OF_QUEUE))


def enter(
    tx: Transaction, *, queue_id: int, share: str, account: str, is_waiting: bool, now: datetime
) -> None:
    """Count a job that was just submitted, RUNNABLE or not; an array is one, its children are counted as they come."""
    tx.run(
        _ENTER,
        queue_id=queue_id,
        share=share,
        account=account,
        at_ms=microseconds(now) // 1000,
        waiting=int(is_waiting),
        unfinished=1,
    )


def enter_children(tx: Transaction, parent: Row, waiting: int) -> None:
    """Count children that were just made, RUNNABLE; their array is counted already."""
    if waiting:
        share = parent.share_identifier
        tx.run(_COUNT, of_queue=parent.queue_id, of_share=share, more_waiting=waiting, more_unfinished=0)


def move(tx: Transaction, row: Row, status: str, *, now: datetime) -> None:
    """Count a job with a share that goes from its row's status to another status."""
    waiting = (status == RUNNABLE) - (row.status == RUNNABLE)
    placed = (status in PLACED) - (row.status in PLACED)
    unfinished = -1 if status in ENDED and row.array_parent is None else 0
    this = {"of_queue": row.queue_id, "of_share": row.share_identifier}
    more = {"more_waiting": waiting, "more_unfinished": unfinished}
    if not placed:
        if waiting or unfinished:
            tx.run(_COUNT, **this, **more)
        return
    at_ms = microseconds(now) // 1000
    before = tx.first(_FIND, **this)
    if before is None:
        raise LookupError(f"the share {row.share_identifier} of the job {row.job_id} is not counted")
    usage = accrued(
        before.usage,
        running_vcpus=before.running_vcpus,
        elapsed_seconds=(at_ms - before.at_ms) / 1000,
        share_decay_seconds=before.share_decay_seconds,
    )
    running = before.running_vcpus + placed * row.vcpus
    tx.run(_RUN, **this, **more, usage=usage, at_ms=at_ms, running_vcpus=running)


def takes_share(tx: Transaction, queue_id: int, share: str, *, decay_seconds: int, now: datetime) -> bool:
    """Is the share in use in the queue, or may one more be? Forgets those that are no more: no job of theirs has
    not ended, and nothing ran within the window (batch-jobs.md 10)."""
    if tx.first(_IS_THERE, of_queue=queue_id, of_share=share) is not None:
        return True
    if _how_many(tx, queue_id) < MOST_SHARES:
        return True
    before_ms = microseconds(now) // 1000 - window_seconds(decay_seconds) * 1000
    tx.run(_FORGET_AT_REST, of_queue=queue_id, before_ms=before_ms)
    return _how_many(tx, queue_id) < MOST_SHARES


def find_all(tx: Transaction, queue_id: int) -> Sequence[Row]:
    """All shares of a queue by name, MOST_SHARES at most."""
    return tx.all(_ALL, of_queue=queue_id)


def forget_all(tx: Transaction, queue_id: int) -> None:
    """Forget the shares of a queue that goes."""
    tx.run(_FORGET, of_queue=queue_id)


def _how_many(tx: Transaction, queue_id: int) -> int:
    found = tx.first(_HOW_MANY, of_queue=queue_id)
    return 0 if found is None else int(found.count)
