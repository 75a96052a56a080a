"""Docker's log stream as frames: what the daemon read of a container at once, with the time at which it did. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

_HEADER = 8


class Frame(NamedTuple):
    """A line with its end, or 16 KiB of a longer line."""

    stream: int
    """1: stdout, 2: stderr."""
    at_ns: int
    data: bytes


class Frames:
    """Cuts bytes, as they come, into frames."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes) -> Iterator[Frame]:
        """The frames that are complete now."""
        self._held += data
        at = 0
        while len(self._held) - at >= _HEADER:
            end = at + _HEADER + int.from_bytes(self._held[at + 4 : at + _HEADER], "big")
            if len(self._held) < end:
                break
            stamp, _, line = bytes(self._held[at + _HEADER : end]).partition(b" ")
            yield Frame(self._held[at], nanoseconds(stamp.decode()), line)
            at = end
        del self._held[:at]


def nanoseconds(stamp: str) -> int:
    """A time as Docker writes it (RFC 3339 with up to nine places) in nanoseconds since 1970; its zero time is 0."""
    whole, rest = stamp[:19], stamp[19:]
    digits = ""
    if rest.startswith("."):
        places = len(rest) - len(rest[1:].lstrip("0123456789"))
        digits, rest = rest[1:places], rest[places:]
    moment = datetime.fromisoformat(whole + ("+00:00" if rest in ("Z", "") else rest)).astimezone(UTC)
    if moment.year < 1970:
        return 0
    return int(moment.timestamp()) * 1_000_000_000 + int(digits.ljust(9, "0"))
