"""The body of a request: read whole, within bounds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

HEAVY_BODY = 32 * 1024
"""From this size on, a request waits for its turn among the heavy calls: what it asks for is much in most cases."""

LARGE_BODY = 256 * 1024
"""From this size on, only so many bodies are in memory at once."""

LARGEST_BODY = 8 * 1024 * 1024
"""The largest request body taken, in bytes: a megabyte of log events, each character of it written as an escape."""

LARGE_AT_ONCE = 8
"""How many large bodies are held at once; the rest wait unread, so that their memory is bounded."""

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


class TooLarge(Exception):
    """The body is larger than LARGEST_BODY."""


class Gone(Exception):
    """The client went away, or was sent away, before its request was whole."""


async def begin(receive: Receive, declared: bytes | None) -> tuple[bytearray | bytes, bool]:
    """The body, or its first LARGE_BODY bytes and True where more follows.

    `declared` is the Content-Length, if it is given. Raises TooLarge, before a byte is read where the length tells
    it (so a client that waits for 100-continue sends none), or Gone.
    """
    if declared is not None and int(declared) > LARGEST_BODY:
        raise TooLarge
    body, more = await _next(receive)
    if not more:
        return body, False
    collected = bytearray(body)
    while more and len(collected) < LARGE_BODY:
        body, more = await _next(receive)
        collected += body
    return collected, more


async def rest(receive: Receive, collected: bytearray | bytes) -> bytearray:
    """The whole body that begins with `collected`. Raises TooLarge or Gone."""
    whole, more = bytearray(collected), True
    while more:
        body, more = await _next(receive)
        whole += body
        if len(whole) > LARGEST_BODY:
            raise TooLarge
    return whole


async def _next(receive: Receive) -> tuple[bytes, bool]:
    message = await receive()
    if message["type"] == "http.disconnect":
        raise Gone
    return message.get("body", b""), bool(message.get("more_body"))
