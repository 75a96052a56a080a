"""Error answers as values, and the error of a request that cannot be parsed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from batchyard.wire.model import OF_EC2


@dataclass(frozen=True, slots=True)
class ErrorReply:
    """An error before it takes a protocol's shape. `fault` is Sender or Receiver."""

    code: str
    message: str
    status: int = 400
    fault: str = "Sender"
    members: Mapping[str, Any] = field(default_factory=dict)


class WireError(Exception):
    """Its protocol does not know such a request; always a 4xx."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.reply = ErrorReply(code, message, status)


def malformed(protocol: str, message: str = "") -> WireError:
    """What a body that cannot be read is answered with in a protocol."""
    if protocol in ("query", OF_EC2):
        return WireError("MalformedInput", message or "The request body cannot be parsed")
    return WireError("SerializationException", message)
