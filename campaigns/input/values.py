"""Random values of AWS's shapes: sound ones, ones that name what is really there, and nasty ones."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

from batchyard.wire.model import Shape

Words = Mapping[str, Sequence[Any]]
"""Values that are really there, by the name of the member that held them (`normal`)."""

DEEPEST = 7
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_NASTY_STRINGS: Sequence[str] = (
    "", " ", "\x00", "a\x00b", "\ud800", "\udfff\ud800", "\uffff", "\U0010ffff", "\u202e", "é" * 200, "x" * 256,
    "x" * 5000, "*", "?", "%", "%00", "%ff", "..", "../../etc/passwd", "a/b", "a:b", "a:b:c:d:e:f:g", ":::::",
    "arn:", "arn:aws:iam::x:role/x", "arn:aws:batch:us-east-1:1:job-queue", "arn:aws:iam::aws:policy/X", "null",
    "true", "NaN", "Infinity", "-0", "1e309", "9" * 400, "0x10", "１２", "²", "'", '"', "'; drop table jobs; --",
    "<a>&amp;</a>", "]]>", "${aws:username}", "${", "{}", "[]", "{", "{\"Version\": 1}", "\r\nX: y", "\n", "\t",
    "-1", "+1", " 1", "1_0", "0" * 64, "2026-13-45T99:99:99Z", "0001-01-01T00:00:00Z", "::1", "1.2.3.4/33", "#0",
    "x:999999999999999999999999", "x:-1", "x:0", "job:1:2", "Z" * 64 + ":1", "=", "b64====", "AAAA", "\u0130", "ß",
)  # fmt: skip
_NASTY_NUMBERS: Sequence[Any] = (
    0, -1, 1, 2**31 - 1, 2**31, -(2**31), 2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 10**30, 1e308, -1e308, 1e-320,
    math.nan, math.inf, -math.inf, 0.1, -0.0, 253402300800, 1e18,
)  # fmt: skip
_ODD: Sequence[Any] = (
    None,
    True,
    1,
    1.5,
    "x",
    [],
    {},
    [None],
    [[]],
    {"": None},
    {"a": {"a": []}},
    [[[[[[]]]]]],
)


_TAILS: Sequence[str] = (
    ":1",
    ":99999999999999999999",
    ":" + "9" * 5000,
    ":²",
    ":１",
    "/",
    ":",
    "*",
    "#0",
    ":0:0",
    "/x",
    "²",
)
"""What is put behind, before and into names that are really there."""

_POSITIONS: Sequence[str] = ("", "0", "-1", "²", "9" * 30, "9" * 5000, "1:1", "1:1:", "9999999999999999999999:1:x", "x:²", ":", "::",
                             "1:x", "a\x00b", "x:1", "x:99999999999999999999", "²:²", "1:９", "[]", "{}")  # fmt: skip
"""What a page token may claim to say."""


def normal(name: str) -> str:
    """A member's name without case, number and punctuation: `jobIds` and `JobId` are one word."""
    return name.lower().replace("-", "").removesuffix("s")


class Values:
    """Draws values for one request. `spice`: how likely each scalar is nasty; `typed`: JSON, so wrong types too."""

    def __init__(self, random: Random, words: Words, *, spice: float, typed: bool) -> None:
        self._random = random
        self._words = words
        self._spice = spice
        self._typed = typed
        self._made: dict[str, Callable[[Shape, str, int], Any]] = {
            "structure": self._structure,
            "list": self._list,
            "map": self._map,
            "boolean": lambda shape, name, depth: self._random.random() < 0.5,
            "timestamp": lambda shape, name, depth: self._random.randrange(4_102_444_800),
            "blob": lambda shape, name, depth: "AAAA",
        }

    def of(self, shape: Shape, name: str = "", depth: int = 0) -> Any:
        """A value of a shape, for a member of this name."""
        if depth and self._random.random() < self._spice:
            return self._nasty(shape, name)
        if shape.type in ("string", "character"):
            return self._string(shape, name)
        if shape.type in ("integer", "long", "short", "byte", "float", "double"):
            return self._number(shape, name)
        return self._made[shape.type](shape, name, depth)

    def spoilt(self, value: Any) -> Any:
        """Something nasty in the place of a sound value."""
        if self._typed and self._random.random() < 0.3:
            return self._random.choice(_ODD)
        if isinstance(value, str):
            return self._odd_text(value)
        return self._random.choice(_NASTY_NUMBERS) if isinstance(value, (int, float)) else type(value)()

    def _structure(self, shape: Shape, name: str, depth: int) -> Any:
        if shape.is_document:
            return {"a": self._random.randrange(9)}
        chance = (0.55, 0.3, 0.3, 0.15)[min(depth, 3)] if depth < DEEPEST else 0.0
        found = {}
        for one, member in shape.members.items():
            if not self._spice and normal(one).endswith(("token", "marker")):
                continue  # a position that no page gave: the call would end there
            if one in shape.required or self._random.random() < chance / (1 + len(shape.members) / 12):
                found[one] = self.of(member, one, depth + 1)
        return found

    def _list(self, shape: Shape, name: str, depth: int) -> list[Any]:
        least = shape.trait("min") or 0
        most = shape.trait("max") or 3
        count = min(max(self._random.choice((0, 1, 1, 1, 2, 3)), min(least, 30)), most)
        if self._spice and self._random.random() < self._spice / 4:
            count = min(most + 1, 120)
        return [self.of(shape.member, name, depth + 1) for _ in range(count if depth < DEEPEST else least)]

    def _map(self, shape: Shape, name: str, depth: int) -> dict[str, Any]:
        count = self._random.choice((0, 1, 1, 2)) if depth < DEEPEST else 0
        keys = [str(self.of(shape.key, "key", depth + 1)) for _ in range(count)]
        return {key: self.of(shape.value, name, depth + 1) for key in keys}

    def _known(self, name: str) -> Any:
        """Something that is really there under this name, or one that means the same."""
        word = normal(name)
        for one in (word, f"{word}name", f"{word}arn", f"{word}id"):
            found = self._words.get(one)
            if found:
                return self._random.choice(found)
        return None

    def _string(self, shape: Shape, name: str) -> Any:
        choices = shape.trait("enum")
        if choices:
            return self._random.choice(choices)
        if self._random.random() < 0.75:
            known = self._known(name)
            if known is not None:
                return str(known)
        least, most = shape.trait("min") or 0, shape.trait("max") or 20
        length = min(max(least, self._random.randrange(1, 12)), most, 400)
        return "".join(self._random.choices(_LETTERS, k=length))

    def _number(self, shape: Shape, name: str) -> Any:
        known = self._known(name) if self._random.random() < 0.3 else None
        if isinstance(known, (int, float)):
            return known
        least, most = shape.trait("min"), shape.trait("max")
        bottom = 0 if least is None else int(least)
        top = bottom + 5 if most is None else int(most)
        return self._random.choice((bottom, top, self._random.randint(bottom, max(bottom, top))))

    def _nasty(self, shape: Shape, name: str) -> Any:
        if self._typed and self._random.random() < 0.25:
            return self._random.choice(_ODD)
        if shape.type in ("structure", "list", "map"):
            return {} if shape.type != "list" else []
        if shape.type in ("integer", "long", "short", "byte", "float", "double", "timestamp"):
            return self._random.choice(_NASTY_NUMBERS)
        if shape.type == "boolean":
            return self._random.choice((True, False, "maybe", 1))
        if name.lower().endswith(("token", "marker")) and self._random.random() < 0.7:
            text = self._random.choice((*_POSITIONS, nasty_string(self._random)))
            return base64.urlsafe_b64encode(text.encode("utf-8", "surrogatepass")).decode()
        known = self._known(name) if self._random.random() < 0.5 else None
        if known is None:
            return nasty_string(self._random)
        return self._odd_text(str(known))

    def _odd_text(self, text: str) -> str:
        place = self._random.randrange(len(text) + 1)
        odd = self._random.choice((*_TAILS, nasty_string(self._random)))
        return self._random.choice((text + odd, text[:place] + odd + text[place:], text[:place], odd + text))


def nasty_string(random: Random) -> str:
    """Text that has broken some program before."""
    return random.choice(_NASTY_STRINGS)
