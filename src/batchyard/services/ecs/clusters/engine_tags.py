"""The tag of a cluster that names the engine of its tasks: what it may say, and when it may change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, select

from batchyard.framework.context import Context
from batchyard.framework.place import place
from batchyard.services.ecs.resources import ENGINE_TAG
from batchyard.services.ecs.service import ecs
from batchyard.services.ecs.tables import clusters
from batchyard.store.prepared import Prepared

_BUSY = Prepared(
    select(clusters.c.running_count, clusters.c.pending_count)
    .where(clusters.c.account == bindparam("account"))
    .where(clusters.c.partition == bindparam("partition"))
    .where(clusters.c.region == bindparam("region"))
    .where(clusters.c.name == bindparam("name"))
)


def named(tags: Sequence[Mapping[str, Any]]) -> str:
    """The engine that tags name; empty: the default engine."""
    return next((one.get("value") or "" for one in tags if one.get("key") == ENGINE_TAG), "")


def check_named(ctx: Context, tags: Sequence[Mapping[str, Any]]) -> None:
    """Raise ClientException for an engine that the settings do not list for the account (no text of AWS's)."""
    name = named(tags)
    known = ctx.runtime.engines.names_for(ctx.account)
    if name and name not in known:
        raise ecs.error.ClientException(
            f"{ENGINE_TAG} names no engine of this account: {name} is not one of {', '.join(known)}."
        )


def check_change(
    ctx: Context, cluster: str, before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]
) -> None:
    """Raise ClientException where a cluster's engine would change under tasks that run."""
    if named(before) == named(after):
        return
    check_named(ctx, after)
    row = ctx.read.first(_BUSY, **place(ctx), name=cluster)
    if row is not None and (row.running_count or row.pending_count):
        raise ecs.error.ClientException(
            f"The cluster has tasks: {ENGINE_TAG} changes only while nothing runs there."
        )
