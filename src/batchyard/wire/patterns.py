r"""The models' patterns are Java's: `\p{L}` and the like become ranges that Python's `re` has."""

from __future__ import annotations

import functools
import re
import sys
import unicodedata

_PROPERTY = re.compile(r"\\(p|P)\{(?P<name>[A-Za-z]+)\}")
_NAMED = {
    "Alpha": "a-zA-Z",
    "Digit": "0-9",
    "Alnum": "a-zA-Z0-9",
    "Punct": "!-/:-@\\[-`{-~",
    "Graph": "!-~",
    "Print": " -~",
    "Space": " \\t\\n\\x0b\\f\\r",
    "Upper": "A-Z",
    "Lower": "a-z",
    "XDigit": "0-9a-fA-F",
    "ASCII": "\\x00-\\x7f",
}


@functools.lru_cache(maxsize=4096)
def compiled(pattern: str) -> re.Pattern[str] | None:
    """The pattern for `fullmatch`; None for one that cannot be said in Python's words."""
    try:
        return re.compile(translated(pattern))
    except (re.error, LookupError):
        return None


def translated(pattern: str) -> str:
    """A Java pattern in Python's syntax. Raises LookupError for a property that is not known."""
    out: list[str] = []
    in_class = False
    index = 0
    while index < len(pattern):
        found = _PROPERTY.match(pattern, index)
        if found is not None:
            out.append(_property(found, in_class=in_class))
            index = found.end()
            continue
        letter = pattern[index]
        if letter == "\\":
            out.append(_escape(pattern[index : index + 2]))
            index += 2
            continue
        if letter == "[" and in_class:
            out.append("\\[")
        else:
            in_class = letter == "[" or (in_class and letter != "]")
            out.append(letter)
        index += 1
    return "".join(out)


def _escape(pair: str) -> str:
    return {"\\z": "\\Z", "\\h": "[ \\t]"}.get(pair, pair)


def _property(found: re.Match[str], *, in_class: bool) -> str:
    name = found["name"].removeprefix("Is")
    ranges = _NAMED.get(name) or category(name)
    if found.group(1) == "P":
        if in_class:
            raise LookupError(found.group())
        return f"[^{ranges}]"
    return ranges if in_class else f"[{ranges}]"


@functools.cache
def category(name: str) -> str:
    """The ranges of a Unicode general category, or of all that begin with its letter."""
    spans: list[tuple[int, int]] = []
    for code in range(sys.maxunicode + 1):
        if not unicodedata.category(chr(code)).startswith(name):
            continue
        if spans and spans[-1][1] == code - 1:
            spans[-1] = (spans[-1][0], code)
        else:
            spans.append((code, code))
    if not spans:
        raise LookupError(name)
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in spans)
