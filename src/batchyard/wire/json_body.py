"""JSON documents to and from bytes, with AWS's error for what is none."""

from __future__ import annotations

import json
from typing import Any

import orjson

from batchyard.wire.errors import WireError

DEEPEST = 128
"""How deep a document may nest; deeper ones are refused before any recursion over them."""


def decode(body: bytes) -> Any:
    """The JSON value of a body; an empty body is an empty object."""
    if not body:
        return {}
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise WireError("SerializationException", "") from error
    if body.count(b"[") + body.count(b"{") > DEEPEST and _depth(value) > DEEPEST:
        raise WireError("SerializationException", "")
    return value


def encode(value: Any) -> bytes:
    """JSON bytes; numbers that orjson cannot write fall back to the standard library."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value).encode()


def _depth(value: Any) -> int:
    depth, layer = 0, [value]
    while layer and depth <= DEEPEST:
        depth += 1
        following: list[Any] = []
        for one in layer:
            if isinstance(one, dict):
                following.extend(one.values())
            elif isinstance(one, list):
                following.extend(one)
        layer = following
    return depth
