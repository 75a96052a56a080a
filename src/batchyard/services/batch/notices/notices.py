"""The rows of what is still to be told: written with what they tell of, and forgotten once somebody has heard it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, insert, select

from batchyard.clock import microseconds
from batchyard.services.batch.jobs.states import SUBMITTED
from batchyard.services.batch.notices.notice_tables import notices
from batchyard.store.prepared import Prepared, Row, among
from batchyard.store.transaction import Transaction

STATE, BLOCKED = "STATE", "BLOCKED"
SEEN = ("status", "status_reason", "started_ms", "stopped_ms", "attempt", "cancelled", "terminated")
"""What changes of a job while its notices wait; the rest of an event is as it was all along."""
TOLD = "batch.told"
"""Under which key it is remembered that somebody is told: what wakes the teller. Without it nothing is written."""
_NEW: dict[str, Any] = {**dict.fromkeys(SEEN), "attempt": 0, "cancelled": False, "terminated": False}

_INSERT = Prepared(
    insert(notices).values({name: bindparam(name) for name in ("account", "job", "kind", "at_ms", "seen")})
)
_NEXT = Prepared(
    select(notices).where(notices.c.id > bindparam("after")).order_by(notices.c.id).limit(bindparam("most"))
)
_FORGET = Prepared(delete(notices).where(among(notices.c.id, "ids")))


def note(tx: Transaction, job: Row, *, now: datetime, kind: str = STATE) -> None:
    """Have it told what a job is now, if anybody is told anything."""
    if tx.remembered(TOLD) is not None:
        seen = {name: getattr(job, name) for name in SEEN}
        _write(tx, [_notice(job.account, job.id, kind, microseconds(now) // 1000, seen)])


def note_new(tx: Transaction, created: Mapping[int, str], like: Mapping[str, Any]) -> None:
    """Have jobs told of that were just inserted, by `id` with their status; `like` is what all of them have.

    Of a job that is only SUBMITTED nothing is told (Batch user guide, job state change events).
    """
    if tx.remembered(TOLD) is None:
        return
    at_ms, account = like["created_ms"], like["account"]
    told = [(job, status) for job, status in created.items() if status != SUBMITTED]
    _write(tx, [_notice(account, job, STATE, at_ms, {**_NEW, "status": status}) for job, status in told])


def _notice(account: str, job: int, kind: str, at_ms: int, seen: Mapping[str, Any]) -> dict[str, Any]:
    return {"account": account, "job": job, "kind": kind, "at_ms": at_ms, "seen": seen}


def _write(tx: Transaction, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        tx.run_many(_INSERT, rows)
        tx.after_commit(tx.remembered(TOLD))


def begin(tx: Transaction, wake: Any) -> None:
    """From the commit on, write notices and wake the teller."""
    tx.remember(TOLD, wake)


def list_after(tx: Transaction, after: int, most: int) -> Sequence[Row]:
    """The next notices, in the order in which they came to be."""
    return tx.all(_NEXT, after=after, most=most)


def forget(tx: Transaction, ids: Iterable[int]) -> None:
    """They were heard, or are too old."""
    tx.run(_FORGET, ids=list(ids))


def forget_all(tx: Transaction) -> None:
    """Nobody is told any more."""
    if list_after(tx, 0, 1):
        tx.run(delete(notices))
