"""The one filter that a listing of Batch takes."""

from __future__ import annotations

from typing import Any

from batchyard.framework.context import Context
from batchyard.services.batch.refusals import refusal


def only_filter(ctx: Context, request: Any, names: tuple[str, ...]) -> tuple[str, str] | None:
    """The filter's name and its one value; None without a filter. Raises ClientException for any other form [guess]."""
    given = request.get("filters")
    if not given:
        return None
    if len(given) > 1:
        raise refusal(ctx, "Only one filter can be used at a time")
    name, values = given[0].get("name"), given[0].get("values") or []
    if name not in names:
        raise refusal(ctx, f"Filter name must be one of {', '.join(names)}")
    if len(values) != 1:
        raise refusal(ctx, f"The filter {name} must have exactly one value")
    return name, values[0]
