"""The shape that Batch's Describe operations share: named things, or pages of all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from operator import itemgetter
from typing import Any

from batchyard.framework.context import Context
from batchyard.framework.noun import Noun
from batchyard.framework.place import place
from batchyard.services.batch.refusals import refusal
from batchyard.services.batch.resources import name_of
from batchyard.services.batch.service import batch
from batchyard.store.prepared import Row

MOST_NAMED = 100
_PER_CONTAINER = 20.0
_PER_ENTRY = 0.6
_PER_CHARACTER = 0.003
"""Microseconds for a container, for a variable or word in it, and for what these say: read, and told as JSON."""


def describe_page(
    ctx: Context,
    request: Any,
    *,
    noun: Noun[Row],
    names: str,
    result: str,
    show: Callable[[Row], dict[str, Any]],
) -> dict[str, Any]:
    """What is named in `names`, or a page of all by name.

    Text recorded: batch-jobs.md 9.
    """
    wanted = request.get(names)
    if wanted:
        if len(wanted) > MOST_NAMED:
            raise batch.error.ClientException(
                f"Error executing request, Exception : Maximum number of {names} supported is {MOST_NAMED}"
            )
        asked = sorted({name_of(one): index for index, one in enumerate(wanted)}.items(), key=itemgetter(1))
        rows = (noun.find_named(ctx.read, place(ctx), name) for name, _ in asked)
        return {result: [show(row) for row in rows if row is not None]}
    limit = page_limit(ctx, request, MOST_NAMED)
    shown, more = noun.page(ctx, request.get("nextToken") or "", limit)
    return {result: [show(row) for row in shown], **({"nextToken": shown[-1].name} if more else {})}


def count_containers(ctx: Context, containers: Iterable[Mapping[str, Any]]) -> None:
    """Count what it costs to tell them: jobs and job definitions are as large as their lists are long."""
    for one in containers:
        entries = sum(len(value) for value in one.values() if isinstance(value, (list, dict)))
        said = sum(len(pair.get("value", "")) for pair in one.get("environment", ()))
        said += sum(map(len, one.get("command", ())))
        ctx.effort.spend(_PER_CONTAINER + _PER_ENTRY * entries + _PER_CHARACTER * said)


def page_limit(ctx: Context, request: Any, most: int) -> int:
    """How many a page shows: maxResults, `most` at most; raises ClientException (its text is a guess) below one."""
    limit: int = min(request.get("maxResults") or most, most)
    if limit < 1:
        raise refusal(ctx, "maxResults must be at least 1")
    return limit
