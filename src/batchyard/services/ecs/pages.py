"""Pages of ECS's listings: 100 at most, a token that says after what to go on.

Texts of errors without a source were not compared with AWS's [guess].
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from batchyard.framework.pagination import InvalidToken, decode_token, encode_token
from batchyard.services.ecs.service import ecs

LARGEST_PAGE = 100


def start(request: Mapping[str, Any]) -> tuple[int, str]:
    """(page size, the position after which the page begins); raises InvalidParameterException."""
    limit = request.get("maxResults") or LARGEST_PAGE
    if not 1 <= limit <= LARGEST_PAGE:
        raise ecs.error.InvalidParameterException(f"maxResults must be between 1 and {LARGEST_PAGE}.")
    token = request.get("nextToken")
    try:
        return limit, decode_token(token) if token else ""
    except InvalidToken as error:
        raise ecs.error.InvalidParameterException("Invalid token") from error


def cut(positions: Sequence[str], limit: int) -> tuple[Sequence[str], str | None]:
    """The page out of `limit + 1` rows asked for, and the token of the next."""
    shown = positions[:limit]
    return shown, encode_token(shown[-1]) if len(positions) > limit else None


def answer(member: str, items: Sequence[Any], token: str | None) -> dict[str, Any]:
    """The listing's answer."""
    return {member: list(items), **({"nextToken": token} if token else {})}
