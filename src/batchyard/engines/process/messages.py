"""How server and supervisor speak: JSON objects, each after its length in four bytes."""

import json
from typing import Any

PROTOCOL = 4
"""Raised when a message changes its meaning: a server refuses a running supervisor of another number."""

LONGEST = 64 << 20

Message = dict[str, Any]


def encode(message: Message) -> bytes:
    """One message as it goes over the socket."""
    body = json.dumps(message, separators=(",", ":")).encode()
    return len(body).to_bytes(4, "big") + body


class Incoming:
    """Puts received bytes together again."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Message]:
        """The messages that `data` completes; ValueError for what cannot be a message."""
        self._buffer += data
        messages = []
        while len(self._buffer) >= 4:
            length = int.from_bytes(self._buffer[:4], "big")
            if length > LONGEST:
                raise ValueError(f"a message of {length} bytes")
            if len(self._buffer) < 4 + length:
                break
            messages.append(json.loads(self._buffer[4 : 4 + length]))
            del self._buffer[: 4 + length]
        return messages
