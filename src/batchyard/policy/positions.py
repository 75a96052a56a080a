"""Where a policy's statements stand in its text, as the policy simulator tells it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"[ \t\n\r]*")


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a text; both count from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Span:
    """Where a statement stands.

    `start` is where IAM's reader stood before the statement (behind the opening bracket of the list or the end of
    the statement before, or the statement's own brace where there is no list), `end` is right behind its closing
    brace. Recorded: aws-cli's examples of simulate-custom-policy and simulate-principal-policy, and
    AdministratorAccess in people's logs (3:17 to 8:6). For a second statement: by analogy [guess].
    """

    start: Position
    end: Position


def statement_spans(text: str) -> tuple[Span, ...]:
    """The span of each statement, in order, of a document that `policy.document.parse` took."""
    places = _Places(text)
    return tuple(Span(places.at(start), places.at(end)) for start, end in _offsets(text))


class _Places:
    """Lines and columns of ever later places in a text, none of which is between a CR and its LF."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._offset, self._line, self._column = 0, 1, 1

    def at(self, offset: int) -> Position:
        passed = self._text[self._offset : offset].replace("\r\n", "\n").replace("\r", "\n")
        self._offset = offset
        self._line += passed.count("\n")
        last = passed.rfind("\n")
        self._column = len(passed) - last if last >= 0 else self._column + len(passed)
        return Position(self._line, self._column)


def _offsets(text: str) -> Iterator[tuple[int, int]]:
    """Each statement's start and end. The reader of the standard library finds where a value ends."""
    at = _behind(text, 0, "{")
    while at:
        key, at = _DECODER.raw_decode(text, _SPACE.match(text, at).end())  # type: ignore[union-attr]
        at = _behind(text, at, ":")
        if key == "Statement":
            yield from _statements(text, at)
        _, at = _DECODER.raw_decode(text, _SPACE.match(text, at).end())  # type: ignore[union-attr]
        at = _behind(text, at, ",")


def _statements(text: str, start: int) -> Iterator[tuple[int, int]]:
    in_list = _behind(text, start, "[")
    before = in_list or _behind(text, start, "{") - 1
    at = before
    while True:
        _, at = _DECODER.raw_decode(text, _SPACE.match(text, at).end())  # type: ignore[union-attr]
        yield before if in_list else before + 1, at
        before = at
        at = _behind(text, at, ",") if in_list else 0
        if not at:
            return


def _behind(text: str, at: int, sign: str) -> int:
    """Where the text goes on behind this sign and the space before it; 0 where another one stands there."""
    found = _SPACE.match(text, at)
    at = found.end() if found else at
    return at + 1 if text.startswith(sign, at) else 0
