"""Where a policy's statements stand in its text, as the policy simulator tells it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}:,]', re.DOTALL)


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
    return tuple(Span(_position(text, start), _position(text, end)) for start, end in _offsets(text))


def _offsets(text: str) -> Iterator[tuple[int, int]]:
    depth, key, before, statement_depth = 0, "", 0, 0
    for token in _TOKEN.finditer(text):
        sign = token.group()
        if sign in "{[":
            depth += 1
            if sign == "[" and depth == 2 and key == "Statement":
                before, statement_depth = token.end(), 3
            elif sign == "{" and depth == 2 and key == "Statement":
                before, statement_depth = token.end(), 2
        elif sign in "}]":
            if sign == "}" and depth == statement_depth:
                yield before, token.end()
                before = token.end()
            depth -= 1
            if depth == 1:
                key, statement_depth = "", 0
        elif depth == 1 and sign not in ":," and not key:
            key = json.loads(sign)
        elif depth == 1 and sign == ",":
            key = ""


def _position(text: str, offset: int) -> Position:
    before = text[:offset].replace("\r\n", "\n").replace("\r", "\n")
    return Position(before.count("\n") + 1, len(before) - before.rfind("\n"))
