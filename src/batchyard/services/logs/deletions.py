"""Deleted groups and streams: out of sight at once, forgotten by and by (`controllers/sweeping.py`).

Until then a row keeps its id, which its events have: a group without a Region, a stream of the negative of its group.
"""

from __future__ import annotations

from sqlalchemy import Text, cast, select, update

from batchyard.framework.context import Context
from batchyard.services.logs.tables import log_groups, log_streams
from batchyard.store.prepared import Row

CONTROLLER = "logs.sweeping"
GROUP, STREAM = "group", "stream"


def delete_group(ctx: Context, group: Row) -> None:
    """Delete a group with its streams and events."""
    hidden = {"region": "", "name": cast(log_groups.c.id, Text)}
    ctx.write.run(update(log_groups).where(log_groups.c.id == group.id).values(hidden))
    ctx.intend(CONTROLLER, f"{GROUP}/{group.id}")


def delete_stream(ctx: Context, stream: Row) -> None:
    """Delete a stream with its events."""
    hidden = {"group_id": -stream.group_id, "name": cast(log_streams.c.id, Text)}
    ctx.write.run(update(log_streams).where(log_streams.c.id == stream.id).values(hidden))
    ctx.intend(CONTROLLER, f"{STREAM}/{stream.id}")


def deleted_streams(ctx: Context, group: Row) -> frozenset[int]:
    """The ids of a group's streams that are deleted while some of their events are still there."""
    streams = log_streams.c
    return frozenset(row.id for row in ctx.read.all(select(streams.id).where(streams.group_id == -group.id)))
