"""Where a task of launch type EC2 goes: a container instance with room, or why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select

from batchyard.services.ecs.tables import container_instances
from batchyard.store.prepared import Prepared, Row
from batchyard.store.transaction import Transaction

_AT = (
    (container_instances.c.account == bindparam("account"))
    & (container_instances.c.partition == bindparam("partition"))
    & (container_instances.c.region == bindparam("region"))
    & (container_instances.c.cluster == bindparam("cluster"))
)
_ACTIVE = _AT & (container_instances.c.status == "ACTIVE")
_FITTING = Prepared(
    select(container_instances)
    .where(_ACTIVE)
    .where(container_instances.c.cpu_left >= bindparam("cpu"))
    .where(container_instances.c.memory_left >= bindparam("memory"))
    .where(container_instances.c.gpu_count_left >= bindparam("gpus"))
    .order_by(container_instances.c.cpu_left, container_instances.c.memory_left)
    .limit(1)
)
_SOME = Prepared(select(container_instances).where(_ACTIVE).limit(10))
_ONE = Prepared(select(container_instances).where(_AT).where(container_instances.c.id == bindparam("id")))


@dataclass(frozen=True, slots=True)
class Need:
    """What a task takes: CPU units, MiB, GPUs."""

    cpu: int
    memory: int
    gpus: int


def fitting_instance(tx: Transaction, at: Mapping[str, str], cluster: str, need: Need) -> Row | None:
    """The active instance with the least room that still suffices, so that the others stay free."""
    return tx.first(_FITTING, **at, cluster=cluster, cpu=need.cpu, memory=need.memory, gpus=need.gpus)


def find_instance(tx: Transaction, at: Mapping[str, str], cluster: str, identity: str) -> Row | None:
    """A container instance by its id."""
    return tx.first(_ONE, **at, cluster=cluster, id=identity)


def active_instances(tx: Transaction, at: Mapping[str, str], cluster: str) -> list[Row]:
    """Up to ten active instances of a cluster: what a refusal names."""
    return list(tx.all(_SOME, **at, cluster=cluster))


def lacking(instance: Any, need: Need) -> str | None:
    """RunTask's reason why an instance cannot take the task, None where it can."""
    if instance.status != "ACTIVE":
        return "INACTIVE"
    if instance.cpu_left < need.cpu:
        return "RESOURCE:CPU"
    if instance.memory_left < need.memory:
        return "RESOURCE:MEMORY"
    if instance.gpu_count_left < need.gpus:
        return "RESOURCE:GPU"
    return None
