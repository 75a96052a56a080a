"""Pages of ECS's listings: 100 at most, and the position after which to go on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from batchyard.services.ecs.service import ecs

LARGEST_PAGE = 100


def start(request: Mapping[str, Any]) -> tuple[int, str]:
    """(page size, the position after which the page begins); raises InvalidParameterException."""
    limit = request.get("maxResults") or LARGEST_PAGE
    if not 1 <= limit <= LARGEST_PAGE:
        raise ecs.error.InvalidParameterException(f"maxResults must be between 1 and {LARGEST_PAGE}.")
    return limit, request.get("nextToken") or ""


def cut(positions: Sequence[str], limit: int) -> tuple[Sequence[str], str | None]:
    """The page out of `limit + 1` rows asked for, and the position of the next."""
    shown = positions[:limit]
    return shown, shown[-1] if len(positions) > limit else None


def answer(member: str, items: Sequence[Any], position: str | None) -> dict[str, Any]:
    """The listing's answer."""
    return {member: list(items), **({"nextToken": position} if position else {})}
