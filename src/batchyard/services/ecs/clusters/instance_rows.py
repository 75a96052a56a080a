"""Rows of container instances: found by EC2 instance, registered, gone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from batchyard.services.ecs.tables import clusters, container_instances
from batchyard.store.prepared import Prepared, Row
from batchyard.store.transaction import Transaction

KEPT_SECONDS = 3600
"""How long a deleted cluster, a gone container instance and a stopped task can still be described."""

_BY_INSTANCE = Prepared(
    select(container_instances)
    .where(container_instances.c.account == bindparam("account"))
    .where(container_instances.c.partition == bindparam("partition"))
    .where(container_instances.c.region == bindparam("region"))
    .where(container_instances.c.ec2_instance_id == bindparam("ec2_instance_id"))
)


def find_by_ec2_instance(tx: Transaction, at: Mapping[str, str], instance_id: str) -> Row | None:
    """The container instance on an EC2 instance, also when it was deregistered a while ago."""
    return tx.first(_BY_INSTANCE, **at, ec2_instance_id=instance_id)


def insert_instance(tx: Transaction, values: Mapping[str, Any]) -> None:
    """Insert a container instance and count it in its cluster."""
    tx.run(insert(container_instances).values(**values))
    tx.run(_counted(values, by=1))


def mark_gone(tx: Transaction, row: Row, *, now: datetime) -> None:
    """Turn an instance INACTIVE and take it out of its cluster's count."""
    columns = container_instances.c
    tx.run(
        update(container_instances)
        .where(columns.account == row.account, columns.partition == row.partition)
        .where(columns.region == row.region, columns.cluster == row.cluster, columns.id == row.id)
        .values(status="INACTIVE", gone_at=now, version=columns.version + 1)
    )
    tx.run(_counted(row._asdict(), by=-1))


def _counted(row: Mapping[str, Any], *, by: int) -> Any:
    return (
        update(clusters)
        .where(clusters.c.account == row["account"], clusters.c.partition == row["partition"])
        .where(clusters.c.region == row["region"], clusters.c.name == row["cluster"])
        .values(instance_count=clusters.c.instance_count + by)
    )
