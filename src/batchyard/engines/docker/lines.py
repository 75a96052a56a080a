"""Frames of a container's output as lines for CloudWatch Logs, with a cursor that finds its place again. Pure.

A cursor is "NANOSECONDS:COUNT": of the frames of that time and later, so many were taken. What was logged never
changes, so the count stays true. stdout and stderr are read side by side: each is in order, the two together nearly.
"""

from __future__ import annotations

import codecs
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from batchyard.engines.docker.frames import Frame

LONGEST_MESSAGE = 256 * 1024 - 26
"""Bytes of UTF-8 in one event: PutLogEvents counts 26 more for each."""
_LARGEST_FRAME = 16 * 1024
_SLACK_NS = 10_000_000_000
"""How much older than the frames before it a frame may be: the two streams are stamped side by side, clocks are set."""
_SHORT_SLACK_NS = 500_000_000
_MANY = 10_000
"""Frames in the slack; with more, the short form must do."""
_FEW = 1_000
"""Frames that may be read again."""
_MILLISECOND = 1_000_000
_OVER = "over"


class Position(NamedTuple):
    """A cursor, read."""

    since_ns: int = 0
    taken: int = 0
    is_over: bool = False
    """Whether the rest without an end, which a container may leave, was taken, too."""

    @classmethod
    def of(cls, cursor: str) -> Position:
        """Of a cursor's text; the empty cursor is the beginning."""
        if not cursor:
            return cls()
        since, count, *rest = cursor.split(":")
        return cls(int(since), int(count), rest == [_OVER])

    @property
    def cursor(self) -> str:
        """Its text."""
        if self == Position():
            return ""
        return f"{self.since_ns}:{self.taken}" + (f":{_OVER}" if self.is_over else "")


class Lines:
    """Makes events of frames that begin at a position's time; those that it counts already give none."""

    def __init__(self, position: Position) -> None:
        self.position = position
        self._known = position.taken
        self._rests: dict[int, bytes] = {}
        self._recent: deque[tuple[int, bool]] = deque()
        """Of each frame since the position: its time, and whether every line was at its end after it."""
        self._looks_at = _FEW
        self._latest = 0

    def take(self, frames: deque[Frame], limit: int) -> Iterator[tuple[int, str]]:
        """At most `limit` events; the frames that were not needed stay."""
        given = 0
        while frames and given < limit:
            frame = frames.popleft()
            text = self._add(frame)
            self._recent.append((frame.at_ns, not self._rests))
            if self._known:
                self._known -= 1
                continue
            self.position = self.position._replace(taken=self.position.taken + 1)
            if text:
                given += 1
                # The streams are stamped side by side; CloudWatch Logs wants the events of a call in order.
                self._latest = max(self._latest, frame.at_ns // _MILLISECOND)
                yield self._latest, text
        if len(self._recent) >= self._looks_at:
            self._move_on()
            self._looks_at = max(_FEW, 2 * len(self._recent))

    def rest(self) -> Iterator[tuple[int, str]]:
        """What was left without an end by a container that has ended."""
        if self._rests and not self.position.is_over and not self._known:
            stamp = max(self._latest, self._recent[-1][0] // _MILLISECOND)
            for data in self._rests.values():
                yield stamp, _decoded(data)
            self.position = self.position._replace(is_over=True)

    def _add(self, frame: Frame) -> str:
        """The text that a frame completes; empty where it completes none, or an empty line."""
        data = self._rests.pop(frame.stream, b"") + frame.data
        if data.endswith(b"\n"):
            return _decoded(data[:-1].removesuffix(b"\r"))
        text = ""
        if len(data) + _LARGEST_FRAME > LONGEST_MESSAGE:
            text, used = codecs.utf_8_decode(data, "replace", False)
            data = data[used:]
        if data:
            self._rests[frame.stream] = data
        return text

    def _move_on(self) -> None:
        """Count from a later time, so that a reader that begins anew there reads little again."""
        slack = _SLACK_NS if len(self._recent) < _MANY else _SHORT_SLACK_NS
        latest = self._recent[-1][0] - slack
        since = max((at for at, is_clean in self._recent if is_clean and at < latest), default=None)
        if since is None or self._known or since < self.position.since_ns:
            return
        self._recent = deque(one for one in self._recent if one[0] > since)
        self.position = Position(since + 1, len(self._recent))


def _decoded(line: bytes) -> str:
    text = codecs.utf_8_decode(line, "replace", True)[0]
    if len(text.encode()) <= LONGEST_MESSAGE:
        return text
    # What stands for an invalid byte takes three.
    return text.encode()[:LONGEST_MESSAGE].decode(errors="ignore")
