"""JSON documents to and from bytes, with AWS's error for what is none."""

from __future__ import annotations

import json
from typing import Any

import orjson

from batchyard.wire.errors import WireError

DEEPEST = 128
"""How deep a document may nest; a deeper document is refused before any recursion over them."""

MOST_CONTAINERS = 50_000
"""How many objects and lists a document may hold; the most that a service takes are the 10,000 events of a
PutLogEvents. Each costs some microseconds, for everybody [guess]."""


def decode(body: bytes) -> Any:
    """The JSON value of a body; an empty body is an empty object."""
    if not body:
        return {}
    if _most_containers(body) > MOST_CONTAINERS:
        raise WireError("SerializationException", "")
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


def _most_containers(body: bytes) -> int:
    """An upper bound, counted in the text. A bracket before a backslash is within a string: JSON that is logged."""
    return sum(body.count(sign) - body.count(sign + b"\\") for sign in (b"[", b"{"))


def _depth(value: Any) -> int:
    depth, layer = 0, [value]
    while layer and depth <= DEEPEST:
        depth += 1
        following: list[Any] = []
        for one in layer:
            if type(one) is dict:
                following.extend(inner for inner in one.values() if type(inner) in (dict, list))
            elif type(one) is list:
                following.extend(inner for inner in one if type(inner) in (dict, list))
        layer = following
    return depth
