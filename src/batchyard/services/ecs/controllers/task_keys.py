"""The work key of a task."""

from __future__ import annotations

from batchyard.framework.work import Key
from batchyard.store.prepared import Row


def key_of(row: Row) -> Key:
    """The key of a task's row, grouped by its cluster."""
    cluster = f"arn:{row.partition}:ecs:{row.region}:{row.account}:cluster/{row.cluster}"
    return Key("ecs.tasks", row.account, row.partition, row.region, row.id, cluster)
