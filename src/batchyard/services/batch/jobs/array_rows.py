"""The rows of array jobs: how many children have which status, and how far the making and judging of them is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from batchyard.clock import microseconds
from batchyard.scheduler.arrays import STATUSES
from batchyard.services.batch.rows import ArrayRow
from batchyard.services.batch.tables import STATUS_COUNTS, job_arrays
from batchyard.store.prepared import Prepared, Typed, among
from batchyard.store.transaction import Transaction

OPEN, WAITING, SHUT = "OPEN", "WAITING", "FAILED"
"""Gates: nothing holds up all children; a job does that they all wait for; that one failed."""

_INSERT = Prepared(
    insert(job_arrays).values({column.name: bindparam(column.name) for column in job_arrays.c})
)
_FIND = Typed(select(job_arrays).where(job_arrays.c.parent == bindparam("of_parent")), ArrayRow)
_FIND_SOME = Typed(select(job_arrays).where(among(job_arrays.c.parent, "parents")), ArrayRow)
_THIS = job_arrays.c.parent == bindparam("of_parent")
_MOVE = Prepared(
    update(job_arrays)
    .where(_THIS)
    .values(
        updated_ms=bindparam("at_ms"),
        **{name: job_arrays.c[name] + bindparam(f"more_{name}") for name in STATUS_COUNTS},
    )
)
_ADVANCE = Prepared(
    update(job_arrays)
    .where(_THIS)
    .values(gate=bindparam("gate"), made_to=bindparam("made_to"), judged_to=bindparam("judged_to"))
)


def insert_array(
    tx: Transaction, parent: int, *, account: str, size: int, gate: str, now: datetime
) -> ArrayRow:
    """Insert the row of an array job whose parent was just inserted; no child has a row yet."""
    counts = dict.fromkeys(STATUS_COUNTS, 0) | {"submitted": size}
    tx.run(
        _INSERT,
        parent=parent,
        account=account,
        base=parent + 1,
        size=size,
        gate=gate,
        made_to=0,
        judged_to=size,
        updated_ms=microseconds(now) // 1000,
        **counts,
    )
    return require(tx, parent)


def require(tx: Transaction, parent: int) -> ArrayRow:
    """The array of a job that is known to be a parent; raises LookupError where it is not."""
    row = tx.first(_FIND, of_parent=parent)
    if row is None:
        raise LookupError(f"the job {parent} is no array job")
    return row


def find_some(tx: Transaction, parents: Sequence[int]) -> Mapping[int, ArrayRow]:
    """The arrays among jobs, by the parent's `id`."""
    return {row.parent: row for row in tx.all(_FIND_SOME, parents=parents)} if parents else {}


def move(tx: Transaction, parent: int, more: Mapping[str, int], *, now: datetime) -> None:
    """Count children that changed their status: `more` children, fewer where negative, by status."""
    changes = {f"more_{status.lower()}": more.get(status, 0) for status in STATUSES}
    tx.run(_MOVE, of_parent=parent, at_ms=microseconds(now) // 1000, **changes)


def advance(tx: Transaction, row: ArrayRow, **values: Any) -> ArrayRow:
    """Write a new gate, or how far the making or the judging is; returns the row as it is then."""
    changed = row._replace(**values)
    tx.run(
        _ADVANCE,
        of_parent=row.parent,
        gate=changed.gate,
        made_to=changed.made_to,
        judged_to=changed.judged_to,
    )
    return changed


def counts(row: ArrayRow) -> Counter[str]:
    """How many children have each status."""
    return Counter({status: getattr(row, status.lower()) for status in STATUSES})


def has_row(row: ArrayRow, index: int) -> bool:
    """Must this child have a row by now? Others may have it."""
    return bool(index < row.made_to or index == row.size - 1)
