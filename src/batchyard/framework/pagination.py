"""Page tokens: an operation's function sees positions, a client sees tokens, and this is between them.

A function that lists reads where its page begins from the request's NextToken (nextToken, Marker), as the position that
an earlier answer of its own had there. The token around it is sealed under the server's key, for one account, Region,
operation and set of other parameters: a token of anything else, or a made-up token, does not open. It opens after a
restart too, until the key is changed. The same position gives the same token: clients compare them to see an end.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from batchyard.store.types import encode

if TYPE_CHECKING:
    from batchyard.framework.context import Context
    from batchyard.framework.operation import OperationFunction

ASKED = ("nextToken", "NextToken", "Marker")
"""How the models call the token of a request."""
ANSWERED = (*ASKED, "nextForwardToken", "nextBackwardToken")
"""How they call those of an answer."""
_FREE = frozenset({*ASKED, "maxResults", "MaxResults", "MaxRecords", "MaxItems", "limit", "startFromHead"})
"""What may change from page to page; GetLogEvents wants `startFromHead` with a token, not before (API reference)."""


class InvalidToken(Exception):
    """The position was not given by this listing; becomes the service's own error."""


Refuse = Callable[["Context", str], Exception]
"""(context, the token) → the service's error for a token that it did not give."""


def paged(function: OperationFunction, refuse: Refuse) -> OperationFunction:
    """The function with tokens around it; a function without a token in request and answer is as it was."""

    @functools.wraps(function)
    def run(ctx: Context, request: Any) -> Mapping[str, Any] | None:
        given = next((member for member in ASKED if request.get(member)), None)
        if given is None:
            return _sealed(ctx, request, function(ctx, request))
        try:
            position = _open(ctx, request, request[given])
            return _sealed(ctx, request, function(ctx, {**request, given: position}))
        except InvalidToken as error:
            raise refuse(ctx, request[given]) from error

    return run


def _sealed(ctx: Context, request: Any, answer: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    if not answer:
        return answer
    positions = {member: answer[member] for member in ANSWERED if answer.get(member)}
    if not positions:
        return answer
    purpose = _purpose(ctx, request)
    keyring = ctx.runtime.keyring
    return {**answer, **{member: keyring.wrap(purpose, one) for member, one in positions.items()}}


def _open(ctx: Context, request: Any, token: str) -> str:
    position = ctx.runtime.keyring.unwrap(_purpose(ctx, request), token)
    if position is None:
        raise InvalidToken(token)
    return position


def _purpose(ctx: Context, request: Mapping[str, Any]) -> str:
    """What the token is good for, and for nothing else."""
    asked = sorted((name, value) for name, value in request.items() if name not in _FREE)
    digest = hashlib.sha256(encode(asked).encode()).hexdigest()
    region = "" if ctx.service.is_global else ctx.region
    return f"page {ctx.partition} {ctx.account} {region} {ctx.call.service}.{ctx.call.operation} {digest}"
