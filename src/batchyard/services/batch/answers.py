"""The shape that Batch's Describe operations share: named ones, or pages of all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sqlalchemy import Table, select

from batchyard.framework.context import Context
from batchyard.services.batch.refusals import refusal
from batchyard.services.batch.resources import name_of
from batchyard.services.batch.service import batch
from batchyard.store.prepared import Row

MOST_NAMED = 100
_PER_CONTAINER = 20.0
_PER_ENTRY = 0.6
"""Microseconds for a container and for a variable or word in it: read, and told as JSON."""


def describe_page(
    ctx: Context,
    request: Any,
    *,
    table: Table,
    names: str,
    result: str,
    show: Callable[[Row], dict[str, Any]],
) -> dict[str, Any]:
    """Rows of a table with account, region and name: those named in `names`, or a page of all by name.

    Text recorded: batch-jobs.md 9.
    """
    query = select(table).where(table.c.account == ctx.account).where(table.c.region == ctx.region)
    wanted = request.get(names)
    if wanted:
        if len(wanted) > MOST_NAMED:
            raise batch.error.ClientException(
                f"Error executing request, Exception : Maximum number of {names} supported is {MOST_NAMED}"
            )
        rows = ctx.read.all(query.where(table.c.name.in_([name_of(one) for one in wanted])))
        order = {name_of(one): index for index, one in enumerate(wanted)}
        return {result: [show(row) for row in sorted(rows, key=lambda row: order[row.name])]}
    limit = page_limit(ctx, request, MOST_NAMED)
    if request.get("nextToken"):
        query = query.where(table.c.name > request["nextToken"])
    rows = ctx.read.all(query.order_by(table.c.name).limit(limit + 1))
    answer: dict[str, Any] = {result: [show(row) for row in rows[:limit]]}
    if len(rows) > limit:
        answer["nextToken"] = rows[limit - 1].name
    return answer


def count_containers(ctx: Context, containers: Iterable[Mapping[str, Any]]) -> None:
    """Count what it costs to tell them: jobs and job definitions are as large as their lists are long."""
    for one in containers:
        entries = sum(len(value) for value in one.values() if isinstance(value, (list, dict)))
        ctx.effort.spend(_PER_CONTAINER + _PER_ENTRY * entries)


def page_limit(ctx: Context, request: Any, most: int) -> int:
    """How many a page shows: maxResults, `most` at most; raises ClientException (its text is a guess) below one."""
    limit: int = min(request.get("maxResults") or most, most)
    if limit < 1:
        raise refusal(ctx, "maxResults must be at least 1")
    return limit
