"""Pages: cut a listing as the model's own paginators say, with tokens that cannot be made up."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


class InvalidToken(Exception):
    """The token was not issued for this listing."""


def encode_token(position: str) -> str:
    """The opaque token of a position in a listing."""
    return base64.urlsafe_b64encode(position.encode()).decode()


def decode_token(token: str) -> str:
    """The position of a token; raises InvalidToken."""
    try:
        return base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError) as error:
        raise InvalidToken(token) from error


def page(
    items: Sequence[T], *, limit: int, token: str | None, position: Callable[[T], str]
) -> tuple[list[T], str | None]:
    """One page of `items`, which are sorted by `position`; and the token of the next page, None at the end."""
    after = decode_token(token) if token else None
    rest = [item for item in items if after is None or position(item) > after]
    shown = rest[:limit]
    following = encode_token(position(shown[-1])) if len(rest) > limit and shown else None
    return list(shown), following
