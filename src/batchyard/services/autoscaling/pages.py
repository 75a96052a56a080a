"""Pages of this service's listings: MaxRecords at most, and the position after which to go on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from batchyard.framework.context import Context
from batchyard.services.autoscaling.group_rules import invalid
from batchyard.store.prepared import Row

T = TypeVar("T")
LARGEST_PAGE = 100


def start(request: Mapping[str, Any], *, default: int) -> tuple[int, str]:
    """(page size, the position after which the page begins); raises ValidationError."""
    limit = request.get("MaxRecords", default)
    if not 1 <= limit <= LARGEST_PAGE:
        raise invalid(
            f"1 validation error detected: Value '{limit}' at 'maxRecords' failed to satisfy constraint:"
            f" Member must have value between 1 and {LARGEST_PAGE}"
        )
    return limit, request.get("NextToken") or ""


PER_ROW, PER_TAG_AND_FILTER = 40.0, 0.3
"""Microseconds for a row that is read and compared, and for each of its tags times each filter."""


def collect(
    ctx: Context,
    read: Callable[[str, int], Sequence[Row]],
    *,
    after: str,
    limit: int,
    position: Callable[[Row], str],
    matches: Callable[[Row], bool] = lambda row: True,
) -> tuple[list[Row], str | None]:
    """Up to `limit` rows that match, read in steps of the index; and the position of the next page.

    It ends early where the call has done what it may; `matches` counts what it compares.
    """
    found: list[Row] = []
    reached = ""
    while True:
        rows = read(after, limit + 1)
        for row in rows:
            if reached and ctx.effort.is_used_up:
                return found, reached
            ctx.effort.spend(PER_ROW)
            reached = position(row)
            if matches(row):
                found.append(row)
            if len(found) > limit:
                return found[:limit], position(found[limit - 1])
        if len(rows) <= limit:
            return found, None
        after = position(rows[-1])


def answer(member: str, items: Sequence[Any], position: str | None) -> dict[str, Any]:
    """The listing's answer."""
    return {member: list(items), **({"NextToken": position} if position else {})}
