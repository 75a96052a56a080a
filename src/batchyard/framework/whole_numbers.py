"""Whole numbers in text that a caller wrote: revisions, versions, positions in page tokens."""

from __future__ import annotations

MOST_DIGITS = 18
"""A number with so many digits fits a column of the store, a longer number may not."""


def whole_number(text: str) -> int | None:
    """The number that a text of ASCII digits is; None for any other text and for a number that nothing here has.

    `str.isdigit` and `int` take more than they seem to: superscripts, other scripts' digits, blanks, underscores, and
    so many digits that no column holds the number.
    """
    if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS:
        return int(text)
    return None
