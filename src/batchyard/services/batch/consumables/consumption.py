"""What jobs hold of consumable resources: from their first attempt to their end, over retries too.

Resources are locked once a job moves to STARTING and unlocked when it moves to SUCCEEDED or FAILED (Batch user guide,
resource-aware scheduling); that it keeps them while it waits for its next attempt is the strict reading of that.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import bindparam, func, insert, select, update

from batchyard.scheduler.snapshot import Consumable
from batchyard.services.batch.consumables.consumable_tables import consumable_resources, consumers
from batchyard.services.batch.jobs.states import ENDED
from batchyard.store.prepared import Prepared, Row, among
from batchyard.store.transaction import Transaction

REPLENISHABLE, USED_UP = "REPLENISHABLE", "NON_REPLENISHABLE"

_RESOURCE = consumable_resources.c.id == bindparam("of_resource")
_HOLD = Prepared(
    update(consumable_resources)
    .where(_RESOURCE)
    .values(in_use=consumable_resources.c.in_use + bindparam("quantity"))
)
_GIVE_BACK = Prepared(
    update(consumable_resources)
    .where(_RESOURCE)
    .values(
        in_use=consumable_resources.c.in_use - bindparam("quantity"),
        total=func.max(0, consumable_resources.c.total - bindparam("used_up")),
    )
)
_TYPES = Prepared(
    select(consumable_resources.c.id, consumable_resources.c.type).where(
        among(consumable_resources.c.id, "ids")
    )
)
_AMOUNTS = Prepared(
    select(consumable_resources.c.id, consumable_resources.c.total, consumable_resources.c.in_use).where(
        among(consumable_resources.c.id, "ids")
    )
)
_REQUIRE = Prepared(
    insert(consumers).values(
        {name: bindparam(name) for name in ("resource_id", "status", "job", "account", "name_key")}
    )
)
_MOVE = Prepared(
    update(consumers)
    .where(consumers.c.resource_id == bindparam("of_resource"))
    .where(consumers.c.status == bindparam("before"))
    .where(consumers.c.job == bindparam("of_job"))
    .values(status=bindparam("after"))
)


def require(tx: Transaction, identity: int, values: Mapping[str, Any]) -> None:
    """Note that a single job or an array, whose row was just inserted, needs its `resources`."""
    same = {name: values[name] for name in ("status", "account", "name_key")}
    tx.run_many(_REQUIRE, [{**same, "resource_id": one, "job": identity} for one, _ in values["resources"]])


def follow(tx: Transaction, before: Row, after: Row) -> None:
    """Hold what a job begins to hold, and give back what it holds no longer."""
    if not is_held(before) and is_held(after):
        tx.run_many(_HOLD, [{"of_resource": one, "quantity": quantity} for one, quantity in after.resources])
    elif is_held(before) and not is_held(after):
        _give_back(tx, after)
    if before.status != after.status and after.array_parent is None:
        moved = {"before": before.status, "after": after.status, "of_job": after.id}
        tx.run_many(_MOVE, [{**moved, "of_resource": one} for one, _ in after.resources])


def is_held(job: Row) -> bool:
    """Does a job hold its resources? A start that ECS refused is no attempt."""
    return job.attempt > 0 and job.status not in ENDED


def is_covered(tx: Transaction, job: Row) -> bool:
    """Are all resources there that a job needs to start, or does it hold them already?"""
    if not job.resources or is_held(job):
        return True
    left = {one.name: one.available for one in amounts(tx, [one for one, _ in job.resources])}
    return all(quantity <= left.get(str(one), 0) for one, quantity in job.resources)


def amounts(tx: Transaction, ids: Collection[int]) -> list[Consumable]:
    """How much there is of these resources, in the scheduler's words."""
    rows = tx.all(_AMOUNTS, ids=list(ids)) if ids else ()
    return [Consumable(name=str(row.id), total=row.total, available=row.total - row.in_use) for row in rows]


def needs(job: Row) -> tuple[tuple[str, int], ...]:
    """What a RUNNABLE job needs to start, in the scheduler's words; a job that waits for its next attempt holds it."""
    if not job.resources or job.attempt > 0:
        return ()
    return tuple((str(one), quantity) for one, quantity in job.resources)


def _give_back(tx: Transaction, job: Row) -> None:
    """What an attempt was made with is used up, where the resource does not come back."""
    types = {row.id: row.type for row in tx.all(_TYPES, ids=[one for one, _ in job.resources])}
    changes = [
        {
            "of_resource": one,
            "quantity": quantity,
            "used_up": quantity if job.attempt > 0 and types.get(one) == USED_UP else 0,
        }
        for one, quantity in job.resources
    ]
    tx.run_many(_GIVE_BACK, changes)
