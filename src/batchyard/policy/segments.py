"""Does a text match a pattern of `*` and `?`? By searching for what stands between the `*`, one after the other.

Between two `*` the first occurrence is as good as any, so nothing is ever tried again. No regular expressions:
compiling one costs as much as a hundred matches, and a policy has room for thousands of patterns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

Match = Callable[[str], bool]
ANY_TEXT, ONE_CHARACTER = "*", "?"
Pieces = Sequence[tuple[str, str]]
"""A pattern: (`*`, ""), (`?`, "") or ("", literal text)."""


class _Gapped:
    """Text between two `*` that has `?` in it: literal chunks at fixed places."""

    __slots__ = ("_anchor", "_anchor_at", "_others", "length")

    def __init__(self, chunks: list[tuple[int, str]], length: int) -> None:
        self.length = length
        # The longest chunk is the rarest: it is searched for, and the others are compared where it is found.
        self._anchor_at, self._anchor = max(chunks, key=lambda one: len(one[1]), default=(0, ""))
        self._others = [one for one in chunks if one[0] != self._anchor_at]

    def find(self, text: str, start: int, end: int) -> int:
        """The first place from `start` on at which the whole lies before `end`; -1 where there is none."""
        last = end - self.length
        at = start
        while at <= last:
            found = text.find(self._anchor, at + self._anchor_at, last + self._anchor_at + len(self._anchor))
            if found < 0:
                return -1
            at = found - self._anchor_at
            if all(text.startswith(chunk, at + offset) for offset, chunk in self._others):
                return at
            at += 1
        return -1


class _Literal:
    """Text between two `*` without a `?`."""

    __slots__ = ("_text", "length")

    def __init__(self, text: str) -> None:
        self._text = text
        self.length = len(text)

    def find(self, text: str, start: int, end: int) -> int:
        """As _Gapped's."""
        return text.find(self._text, start, end)


def compile_pieces(pieces: Pieces) -> Match:
    """A test for a whole text, case-sensitive."""
    split: list[list[tuple[str, str]]] = [[]]
    for piece in pieces:
        if piece[0] == ANY_TEXT:
            split.append([])
        else:
            split[-1].append(piece)
    if any(sign for part in split for sign, _ in part):
        return _gapped(split)
    first, *middle, last = (
        ("".join(text for _, text in part) for part in split) if split[1:] else (None, None)
    )
    if first is None or last is None:
        literal = "".join(text for _, text in split[0])
        return lambda text: text == literal
    return _between(first, last, [one for one in middle if one])


def _between(first: str, last: str, middle: list[str]) -> Match:
    """`first*middle*last`: the ends where they belong, and between them the others in their order."""
    start, ending = len(first), len(last)
    if not middle:
        shortest = start + ending
        return lambda text: len(text) >= shortest and text.startswith(first) and text.endswith(last)

    if len(middle) == 1 and not last:
        only = middle[0]
        return lambda text: text.startswith(first) and text.find(only, start) >= 0

    def match(text: str) -> bool:
        if not text.startswith(first) or not text.endswith(last):
            return False
        at, end = start, len(text) - ending
        for one in middle:
            at = text.find(one, at, end)
            if at < 0:
                return False
            at += len(one)
        return at <= end

    return match


def _gapped(split: list[list[tuple[str, str]]]) -> Match:
    parts = [_part(one) for one in split]
    first, last, middle = parts[0], parts[-1], [one for one in parts[1:-1] if one.length]
    if len(parts) == 1:
        return lambda text: len(text) == first.length and first.find(text, 0, len(text)) == 0

    def match(text: str) -> bool:
        end = len(text) - last.length
        if end < first.length or first.find(text, 0, first.length) != 0:
            return False
        if last.length and last.find(text, end, len(text)) != end:
            return False
        at = first.length
        for one in middle:
            at = one.find(text, at, end)
            if at < 0:
                return False
            at += one.length
        return True

    return match


def _part(pieces: list[tuple[str, str]]) -> _Gapped | _Literal:
    if not any(sign for sign, _ in pieces):
        return _Literal("".join(text for _, text in pieces))
    chunks: list[tuple[int, str]] = []
    length = 0
    for sign, text in pieces:
        if sign:
            length += 1
            continue
        if chunks and chunks[-1][0] + len(chunks[-1][1]) == length:
            chunks[-1] = (chunks[-1][0], chunks[-1][1] + text)
        else:
            chunks.append((length, text))
        length += len(text)
    return _Gapped(chunks, length)
