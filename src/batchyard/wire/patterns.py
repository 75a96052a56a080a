r"""The models' patterns are Java's: their `\p{L}`, ASCII `\w` and surrogate pairs in what Python's `re` has."""

from __future__ import annotations

import functools
import re

UNTRANSLATED: tuple[tuple[str, str], ...] = ()
"""Patterns of the nine models that are not checked, each with its reason; a test holds it to be all of them."""

_SURROGATES = re.compile(r"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")
_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|x[0-9a-fA-F]{2}|[pP]\{[A-Za-z]+\}|.)", re.S)
# Java reads these classes in ASCII alone; Python's would take every script's letters and digits.
_CLASSES = {"w": "a-zA-Z0-9_", "d": "0-9", "s": r" \t\n\x0b\f\r"}
_SEPARATORS = r" \xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_DOT = r"[^\n\r\x85\u2028\u2029]"


@functools.lru_cache(maxsize=4096)
def compiled(pattern: str) -> re.Pattern[str] | None:
    """The pattern for `fullmatch`, as Java's `matches` is; None for a pattern that cannot be said in Python's words."""
    try:
        return re.compile(translated(pattern))
    except (re.error, LookupError):
        return None


def translated(pattern: str) -> str:
    r"""A Java pattern in Python's syntax. Raises LookupError for what has no translation.

    A class with `\p{L}`, `\p{N}` and `_` has Python's (Unicode) `\w` for the three: `\w` is just their union, and
    spelling the categories out as ranges costs 0.4 s at a pattern's first use.
    """
    text = _SURROGATES.sub(_code_point, pattern)
    dot = "." if text.startswith("(?s)") else _DOT
    out: list[str] = []
    index = 0
    while index < len(text):
        letter = text[index]
        if letter == "\\":
            found = _ESCAPE.match(text, index)
            if found is None:
                raise LookupError(pattern)
            out.append(_outside_class(found.group()))
            index = found.end()
        elif letter == "[":
            written, index = _character_class(text, index)
            out.append(written)
        else:
            out.append(dot if letter == "." else letter)
            index += 1
    return "".join(out)


def _code_point(pair: re.Match[str]) -> str:
    high, low = int(pair.group(1), 16), int(pair.group(2), 16)
    return f"\\U{0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00):08x}"


def _outside_class(escape: str) -> str:
    kind = escape[1]
    if kind in "wds":
        return f"[{_CLASSES[kind]}]"
    if kind in "WDS":
        return f"[^{_CLASSES[kind.lower()]}]"
    if kind in "pPhHvRGZzXQE":
        raise LookupError(escape)
    return escape


def _character_class(text: str, start: int) -> tuple[str, int]:
    """The class that opens at `start`, and where the pattern goes on."""
    index = start + 1
    opening = "["
    if text.startswith("^", index):
        opening, index = "[^", index + 1
    items: list[str] = []
    while index < len(text) and text[index] != "]":
        found = _ESCAPE.match(text, index)
        item = found.group() if found is not None else text[index]
        if item == "[" or text.startswith("&&", index):
            raise LookupError(text)  # Java's unions and intersections of classes
        items.append(item)
        index += len(item)
    if index >= len(text):
        raise LookupError(text)
    return f"{opening}{''.join(_class_items(items))}]", index + 1


def _class_items(items: list[str]) -> list[str]:
    wide = {r"\p{L}", r"\p{N}", "_"} <= set(items)
    out: list[str] = []
    for position, item in enumerate(items):
        if item[0] == "\\" and item[1] in "pP":
            out.append(_property(item, wide=wide))
        elif item[0] == "\\" and item[1] in "wds":
            out.append(_CLASSES[item[1]])
        elif item == r"\S" or item == r"\W" or item == r"\D":
            out.append(_complement(item, items))
        elif item == "-" and (position in (0, len(items) - 1) or items[position - 1][:2] in _OPEN_ENDED):
            out.append(r"\-")
        else:
            out.append(f"\\{item}" if item in "&~|" else item)
    return out


_OPEN_ENDED = (r"\w", r"\d", r"\s", r"\p")
"""A hyphen after one of these starts no range."""


def _property(item: str, *, wide: bool) -> str:
    if item == r"\p{Z}":
        return _SEPARATORS
    if wide and item in (r"\p{L}", r"\p{N}"):
        return r"\w"
    raise LookupError(item)


def _complement(item: str, items: list[str]) -> str:
    """A negated class is written only beside its own complement: together they are every character."""
    if f"\\{item[1].lower()}" not in items:
        raise LookupError(item)
    return item
