"""The engine's places (slots and queue): which tasks hold one and which wait for one, in the order they came."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, func, or_, select

from batchyard.services.ecs import task_rows
from batchyard.services.ecs.tables import tasks
from batchyard.store.prepared import Prepared, Row
from batchyard.store.transaction import Transaction

_WAITING = Prepared(
    select(tasks).where(tasks.c.phase == task_rows.WAITING).order_by(tasks.c.ordinal).limit(bindparam("size"))
)
_HELD = Prepared(
    select(func.count().label("number"))
    .select_from(tasks)
    .where(or_(*(tasks.c.phase == phase for phase in task_rows.ON_ENGINE)))
)


def free_slots(tx: Transaction, size: int) -> int:
    """How many of `size` slots no task holds. Counted from the rows: there are never more than `size` of them."""
    row = tx.first(_HELD)
    return size - (0 if row is None else int(row.number))


def admit(tx: Transaction, rows: Sequence[Row], *, size: int) -> None:
    """Make new tasks PENDING with a slot, or waiting for one; who waits already goes first, of all accounts."""
    free = 0 if tx.first(_WAITING, size=1) is not None else free_slots(tx, size)
    for place, row in enumerate(rows):
        phase = task_rows.STARTING if place < free else task_rows.WAITING
        task_rows.change(tx, row.id, phase=phase, last_status="PENDING")


def call_waiting(tx: Transaction, *, size: int) -> list[Row]:
    """Give the free slots to the tasks that wait longest; returns these, to be worked on."""
    if tx.first(_WAITING, size=1) is None:
        return []
    called = list(tx.all(_WAITING, size=max(0, free_slots(tx, size))))
    for row in called:
        task_rows.change(tx, row.id, phase=task_rows.STARTING)
    return called
