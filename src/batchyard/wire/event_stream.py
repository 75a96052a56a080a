"""Event streams of the json protocol: an answer's events as binary messages (vnd.amazon.eventstream)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

from batchyard.wire.json_body import encode
from batchyard.wire.json_values import wire_name, writer
from batchyard.wire.model import Shape

CONTENT_TYPE = "application/vnd.amazon.eventstream"
_JSON = "application/json"
_STRING = 7  # the header value type "string" of the format


def stream_member(shape: Shape) -> str | None:
    """The member of an output that is a stream of events; None where there is none."""
    if "stream" not in shape.compiled:
        names = [name for name, member in shape.members.items() if member.trait("eventstream")]
        shape.compiled["stream"] = names[0] if names else None
    found: str | None = shape.compiled["stream"]
    return found


def encode_stream(shape: Shape, result: Mapping[str, Any], member: str) -> bytes:
    """All messages of an answer: the other members as `initial-response`, then each event.

    `result[member]` gives the events in order, each `{event name: its members}`; an event that the model marks as
    an exception ends the stream for the caller.
    """
    opening = {name: value for name, value in result.items() if name != member}
    messages = [message({":event-type": "initial-response"}, encode(writer(shape)(opening)))]
    events: Iterable[Mapping[str, Any]] = result.get(member) or ()
    union = shape.members[member]
    for event in events:
        messages.extend(_event(union, name, value) for name, value in event.items())
    return b"".join(messages)


def _event(union: Shape, name: str, value: Mapping[str, Any]) -> bytes:
    shape = union.members[name]
    kind = wire_name(name, shape)
    payload, content_type = _payload(shape, value)
    if shape.trait("exception"):
        return message({":exception-type": kind}, payload, kind="exception", content_type=content_type)
    return message({":event-type": kind}, payload, content_type=content_type)


def _payload(shape: Shape, value: Mapping[str, Any]) -> tuple[bytes, str]:
    """An event's bytes: its one payload member where the model has such, else all members as JSON."""
    name = next((name for name, member in shape.members.items() if member.trait("eventpayload")), None)
    if name is None:
        return encode(writer(shape)(value)), _JSON
    member, given = shape.members[name], value.get(name, b"")
    if member.type == "blob":
        return given.encode() if isinstance(given, str) else bytes(given), "application/octet-stream"
    if member.type == "string":
        return str(given or "").encode(), "text/plain"
    return encode(writer(member)(given or {})), _JSON


def message(
    headers: Mapping[str, str], payload: bytes, *, kind: str = "event", content_type: str = _JSON
) -> bytes:
    """One message: lengths, their checksum, headers, payload, the checksum of it all (CRC-32)."""
    written = b"".join(
        _header(name, value)
        for name, value in {
            ":message-type": kind,
            **headers,
            ":content-type": content_type,
        }.items()
    )
    prelude = struct.pack(">II", 16 + len(written) + len(payload), len(written))
    head = prelude + struct.pack(">I", zlib.crc32(prelude)) + written + payload
    return head + struct.pack(">I", zlib.crc32(head))


def _header(name: str, value: str) -> bytes:
    key, text = name.encode(), value.encode()
    return struct.pack(">B", len(key)) + key + struct.pack(">BH", _STRING, len(text)) + text
