"""Reads and writes of groups and of their instances, each by an index."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, delete, select, update

from batchyard.framework.place import Place
from batchyard.services.autoscaling.tables import groups, instances
from batchyard.store.prepared import Prepared, Row
from batchyard.store.transaction import Transaction

LEAVING = frozenset({"Terminating", "Terminated"})
"""Lifecycle states of an instance that no longer counts for the group's size."""


def _placed(table: Any) -> tuple[Any, ...]:
    return tuple(table.c[name] == bindparam(name) for name in ("account", "partition", "region"))


_NAMES = Prepared(select(groups.c.name).where(*_placed(groups)))
_INSTANCE = Prepared(select(instances).where(*_placed(instances), instances.c.instance_id == bindparam("id")))
_INSTANCES = Prepared(
    select(instances)
    .where(*_placed(instances), instances.c.instance_id > bindparam("after"))
    .order_by(instances.c.instance_id)
    .limit(bindparam("size"))
)
_OF_GROUP = Prepared(
    select(instances)
    .where(*_placed(instances), instances.c.group_name == bindparam("group_name"))
    .order_by(instances.c.instance_id)
)


def count_groups(tx: Transaction, at: Place) -> int:
    """How many groups there are in an account and Region."""
    return len(tx.all(_NAMES, **at))


def update_group(tx: Transaction, at: Place, name: str, **values: Any) -> None:
    """Change columns of a group."""
    placed = (groups.c[column] == value for column, value in at.items())
    tx.run(update(groups).where(*placed, groups.c.name == name).values(**values))


def delete_group(tx: Transaction, at: Place, name: str) -> None:
    """Forget a group."""
    placed = (groups.c[column] == value for column, value in at.items())
    tx.run(delete(groups).where(*placed, groups.c.name == name))


def find_instance(tx: Transaction, at: Place, instance_id: str) -> Row | None:
    """An instance of any group."""
    return tx.first(_INSTANCE, **at, id=instance_id)


def list_instances(tx: Transaction, at: Place, *, after: str, size: int) -> Sequence[Row]:
    """So many instances of all groups behind the id `after`, by id."""
    return tx.all(_INSTANCES, **at, after=after, size=size)


def instances_of(tx: Transaction, at: Place, group_name: str) -> Sequence[Row]:
    """Every instance of a group, leaving instances too, by id."""
    return tx.all(_OF_GROUP, **at, group_name=group_name)


def update_instance(tx: Transaction, at: Place, instance_id: str, **values: Any) -> None:
    """Change columns of an instance."""
    placed = (instances.c[column] == value for column, value in at.items())
    tx.run(update(instances).where(*placed, instances.c.instance_id == instance_id).values(**values))


def delete_instance(tx: Transaction, at: Place, instance_id: str) -> None:
    """Forget an instance."""
    placed = (instances.c[column] == value for column, value in at.items())
    tx.run(delete(instances).where(*placed, instances.c.instance_id == instance_id))
