"""Rows of tasks: found by id, inserted, moved from status to status, with the counters of cluster and instance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import bindparam, insert, select, update

from batchyard.services.ecs.rows import TaskRow, TaskState
from batchyard.services.ecs.tables import clusters, container_instances, tasks
from batchyard.store.prepared import Prepared, Row, Typed, among
from batchyard.store.transaction import Transaction

# What the controller has done for a task; `last_status` is what AWS shows.
NEW = "new"
"""Not looked at yet."""
GATHERING = "gathering"
"""Others of its gang are still to come."""
WAITING = "waiting"
"""All slots of the engine are taken."""
STARTING = "starting"
"""Holds a slot; the engine may have been told."""
QUEUED = "queued"
"""The engine was told and has it wait for a slot; no longer once the server has ended."""
RUNNING = "running"
STOPPING = "stopping"
"""SIGTERM was sent."""
HOST_GONE = "host-gone"
"""Its container instance is gone: to be ended by force."""
DRAINING = "draining"
"""Stopped; some output could not be put yet."""
ENDED = "ended"

ON_ENGINE = (STARTING, QUEUED, RUNNING, STOPPING, HOST_GONE)
"""The phases that hold a place on the engine: one of its slots or of its queue."""

R = TypeVar("R", TaskRow, TaskState)
_COLUMNS: dict[str, Any] = {column.name: bindparam(column.name) for column in tasks.c}
_INSERT = Typed(insert(tasks).values(_COLUMNS).returning(*tasks.c), TaskRow)
_ONE = Typed(select(tasks).where(tasks.c.id == bindparam("id")), TaskRow)
_SOME = Typed(select(tasks).where(among(tasks.c.id, "ids")), TaskRow)
_DESCRIBED = ("described", "overrides", "tags")
_STATES = Typed(
    select(*(column for column in tasks.c if column.name not in _DESCRIBED)).where(among(tasks.c.id, "ids")),
    TaskState,
)
_COUNT_IN_CLUSTER = Prepared(
    update(clusters)
    .where(clusters.c.account == bindparam("account_"))
    .where(clusters.c.partition == bindparam("partition_"))
    .where(clusters.c.region == bindparam("region_"))
    .where(clusters.c.name == bindparam("cluster_"))
    .values(
        pending_count=clusters.c.pending_count + bindparam("pending"),
        running_count=clusters.c.running_count + bindparam("running"),
    )
)
_COUNT_ON_INSTANCE = Prepared(
    update(container_instances)
    .where(container_instances.c.account == bindparam("account_"))
    .where(container_instances.c.partition == bindparam("partition_"))
    .where(container_instances.c.region == bindparam("region_"))
    .where(container_instances.c.cluster == bindparam("cluster_"))
    .where(container_instances.c.id == bindparam("instance_"))
    .values(
        pending_count=container_instances.c.pending_count + bindparam("pending"),
        running_count=container_instances.c.running_count + bindparam("running"),
        cpu_left=container_instances.c.cpu_left + bindparam("cpu_"),
        memory_left=container_instances.c.memory_left + bindparam("memory_"),
        version=container_instances.c.version + 1,
    )
)
_QUEUE = Prepared(
    update(tasks).where(tasks.c.id == bindparam("id_")).where(tasks.c.phase == STARTING).values(phase=QUEUED)
)
_PLACES = Prepared(
    select(tasks.c.id, tasks.c.account, tasks.c.partition, tasks.c.region, tasks.c.cluster).where(
        among(tasks.c.id, "ids")
    )
)
_LOGGED = Prepared(update(tasks).where(tasks.c.id == bindparam("id_")).values(cursors=bindparam("cursors")))
_GPUS_LEFT = Prepared(
    select(container_instances.c.gpus, container_instances.c.gpus_left)
    .where(container_instances.c.account == bindparam("account"))
    .where(container_instances.c.partition == bindparam("partition"))
    .where(container_instances.c.region == bindparam("region"))
    .where(container_instances.c.cluster == bindparam("cluster"))
    .where(container_instances.c.id == bindparam("id"))
)
_SET_GPUS = Prepared(
    update(container_instances)
    .where(container_instances.c.account == bindparam("account_"))
    .where(container_instances.c.partition == bindparam("partition_"))
    .where(container_instances.c.region == bindparam("region_"))
    .where(container_instances.c.cluster == bindparam("cluster_"))
    .where(container_instances.c.id == bindparam("instance_"))
    .values(gpus_left=bindparam("left"), gpu_count_left=bindparam("count"))
)


def insert_task(tx: Transaction, values: Mapping[str, Any]) -> TaskRow:
    """Insert a task, and answer its row; columns that are not given are NULL."""
    row = tx.first(_INSERT, **{name: values.get(name) for name in _COLUMNS})
    if row is None:
        raise LookupError("an insert has given no row back")
    return row


def find_task(tx: Transaction, identity: str) -> TaskRow | None:
    """A task by its id."""
    return tx.first(_ONE, id=identity)


def find_tasks(tx: Transaction, identities: Iterable[str]) -> list[TaskRow]:
    """The tasks with these ids, those that exist, in the order asked."""
    return _in_order(tx, _SOME, identities)


def find_states(tx: Transaction, identities: Iterable[str]) -> list[TaskState]:
    """The same without what never changes of a task and is costly to read: its description, overrides and tags."""
    return _in_order(tx, _STATES, identities)


def _in_order(tx: Transaction, statement: Typed[R], identities: Iterable[str]) -> list[R]:
    asked = list(identities)
    found = {row.id: row for row in tx.all(statement, ids=asked)} if asked else {}
    return [found[identity] for identity in asked if identity in found]


def find_places(tx: Transaction, identities: Iterable[str]) -> Sequence[Row]:
    """Id, account, partition, Region and cluster of these tasks, those that exist: all that their keys need."""
    return tx.all(_PLACES, ids=list(identities))


def mark_queued(tx: Transaction, identities: Sequence[str]) -> None:
    """Note that the engine has tasks wait; no change that AWS shows, so their versions stay."""
    tx.run_many(_QUEUE, [{"id_": identity} for identity in identities])


def change(tx: Transaction, identity: str, **values: Any) -> None:
    """Change columns of a task; its version goes up."""
    tx.run(_change(tuple(sorted(values))), id_=identity, **values)


def mark_stopping(tx: Transaction, identity: str) -> None:
    """Note that SIGTERM was sent, unless the task's host has gone meanwhile."""
    row = find_task(tx, identity)
    if row is not None and row.phase == RUNNING:
        change(tx, identity, phase=STOPPING)


def note_logged(tx: Transaction, identity: str, cursors: Mapping[str, str]) -> None:
    """Note how far the output of a task's containers was put; no change that AWS shows, so its version stays."""
    tx.run(_LOGGED, id_=identity, cursors=cursors)


_CHANGES: dict[tuple[str, ...], Prepared] = {}


def _change(columns: tuple[str, ...]) -> Prepared:
    """The statement that changes just these columns, compiled once per set of columns."""
    statement = _CHANGES.get(columns)
    if statement is None:
        changed: dict[str, Any] = {name: bindparam(name) for name in columns}
        statement = _CHANGES[columns] = Prepared(
            update(tasks).where(tasks.c.id == bindparam("id_")).values(**changed, version=tasks.c.version + 1)
        )
    return statement


def count(tx: Transaction, rows: Sequence[Any], *, pending: int, running: int) -> None:
    """Move the counters of the rows' clusters and instances by so much for each row."""
    by_cluster: Counter[tuple[str, str, str, str]] = Counter()
    by_instance: Counter[tuple[str, str, str, str, str]] = Counter()
    for row in rows:
        place = (row.account, row.partition, row.region, row.cluster)
        by_cluster[place] += 1
        if row.instance:
            by_instance[(*place, row.instance)] += 1
    for cluster, number in by_cluster.items():
        tx.run(_COUNT_IN_CLUSTER, **_at(cluster), pending=pending * number, running=running * number)
    for instance, number in by_instance.items():
        tx.run(
            _COUNT_ON_INSTANCE,
            **_at(instance[:4]),
            instance_=instance[4],
            pending=pending * number,
            running=running * number,
            cpu_=0,
            memory_=0,
        )


def take_room(tx: Transaction, row: TaskRow | TaskState) -> None:
    """Take a task's CPU, memory and GPUs from what its instance has left."""
    _move_room(tx, row, sign=-1)


def give_back_room(tx: Transaction, row: TaskRow | TaskState) -> None:
    """Give a stopped task's CPU, memory and GPUs back to its instance, where that is still there."""
    _move_room(tx, row, sign=1)


def _move_room(tx: Transaction, row: TaskRow | TaskState, *, sign: int) -> None:
    if not row.instance:
        return
    place = (row.account, row.partition, row.region, row.cluster)
    tx.run(
        _COUNT_ON_INSTANCE,
        **_at(place),
        instance_=row.instance,
        pending=0,
        running=0,
        cpu_=sign * row.cpu,
        memory_=sign * row.memory,
    )
    if row.gpu_ids:
        _move_gpus(tx, row, sign=sign)


def _move_gpus(tx: Transaction, row: TaskRow | TaskState, *, sign: int) -> None:
    place = (row.account, row.partition, row.region, row.cluster)
    keys = dict(zip(("account", "partition", "region", "cluster"), place, strict=True))
    held = tx.first(_GPUS_LEFT, **keys, id=row.instance)
    if held is None:
        return
    free = set(held.gpus_left) - set(row.gpu_ids) if sign < 0 else set(held.gpus_left) | set(row.gpu_ids)
    left = [gpu for gpu in held.gpus if gpu in free]
    tx.run(_SET_GPUS, **_at(place), instance_=row.instance, left=left, count=len(left))


def _at(place: Sequence[str]) -> dict[str, str]:
    return dict(zip(("account_", "partition_", "region_", "cluster_"), place, strict=True))
