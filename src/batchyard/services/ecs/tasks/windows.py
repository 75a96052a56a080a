"""The engine's places (a bounded window of tasks that it is told of): which tasks hold a place, and which wait for it.

The line of those that wait is durable, and is here; the engine decides which of those it was told of starts next.
Accounts take turns for a place, each with its oldest task. A gang takes places for all of its tasks at once, and the
line waits for it while there are too few, so that two gangs never have half of theirs each.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import bindparam, func, or_, select

from batchyard.services.ecs.tables import tasks
from batchyard.services.ecs.tasks import gangs, task_rows
from batchyard.store.prepared import Prepared, Row
from batchyard.store.transaction import Transaction

_NEXT = Prepared(
    select(tasks)
    .where(tasks.c.phase == task_rows.WAITING)
    .where(tasks.c.engine == bindparam("engine"))
    .where(tasks.c.account > bindparam("after"))
    .order_by(tasks.c.account, tasks.c.ordinal)
    .limit(1)
)
_HELD = Prepared(
    select(func.count().label("number"))
    .select_from(tasks)
    .where(or_(*(tasks.c.phase == phase for phase in task_rows.ON_ENGINE)))
    .where(tasks.c.engine == bindparam("engine"))
)


class Window:
    """The places of one engine."""

    def __init__(self, engine: str, size: int, *, new_token: Callable[[], str]) -> None:
        """`new_token`: the sealed token that a task gets with its place."""
        self._engine = engine
        self._size = size
        self._new_token = new_token
        self._last_account = ""
        """Whose turn it was: in memory, as after a restart any account may be first."""

    def free(self, tx: Transaction) -> int:
        """How many places no task holds. Counted from the rows: there are never more than places."""
        row = tx.first(_HELD, engine=self._engine)
        return self._size - (0 if row is None else int(row.number))

    def admit(self, tx: Transaction, rows: Sequence[Row]) -> None:
        """Make new tasks PENDING with a place, or waiting for it; who waits already goes first, of all accounts."""
        for row in rows:
            if row.gang is not None:
                gangs.gather(tx, row)
        free = 0 if self._after(tx, "") is not None else self.free(tx)
        for place, row in enumerate(row for row in rows if row.gang is None):
            if place < free:
                task_rows.change(tx, row.id, last_status="PENDING", **self._place())
            else:
                task_rows.change(tx, row.id, last_status="PENDING", phase=task_rows.WAITING)

    def call_waiting(self, tx: Transaction) -> list[Row]:
        """Give the free places to tasks that wait; returns these, to be worked on."""
        if self._after(tx, "") is None:
            return []
        called: list[Row] = []
        free = self.free(tx)
        while free > 0:
            row = self._after(tx, self._last_account) or self._after(tx, "")
            if row is None:
                break
            members = [row] if row.gang is None else gangs.waiting_members(tx, row)
            # One that is larger than all places (there were more when it came) has its turn when they are all free.
            if free < min(len(members), self._size):
                break
            self._last_account = row.account
            for one in members:
                task_rows.change(tx, one.id, **self._place())
            called += members
            free -= len(members)
        return called

    def _place(self) -> dict[str, str]:
        """What changes of a task that gets a place."""
        return {"phase": task_rows.STARTING, "sealed_token": self._new_token()}

    def _after(self, tx: Transaction, account: str) -> Row | None:
        """The oldest task that waits, of the next account that has any."""
        return tx.first(_NEXT, engine=self._engine, after=account)
