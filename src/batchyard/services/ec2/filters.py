"""The Filters of EC2's listings: names of attributes, values with wildcards, all of them to be met."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from batchyard.framework.check import members
from batchyard.framework.context import Context
from batchyard.framework.effort import Effort, of_answer
from batchyard.framework.errors import ApiError
from batchyard.policy.wildcard import ANY, ONE, Wild, compile_match
from batchyard.services.ec2.refusals import invalid_value

MOST_VALUES = 200
"""Of all filters of a call (EC2 API reference, error codes; the text is told in several threads)."""
Item = Mapping[str, Any]
Attribute = str | Callable[[Item], Iterable[Any]]
"""Where a filter looks: a dotted path of the described item, or a function that gives the values."""


class PageEnds(ApiError):
    """The call has done what it may: its page ends behind `position`, the last item that was compared.

    Where there is none, or the listing has no pages, this refuses in EC2's words for too much at once.
    """

    def __init__(self, position: str) -> None:
        super().__init__("RequestLimitExceeded", "Request limit exceeded.", status=503)
        self.position = position


Position = str | Callable[[Any], str]
"""Where an item stands in its listing: a member of it, or a function."""


def position_of(item: Any, position: Position) -> str:
    """An item's position as text."""
    return str(item[position] if isinstance(position, str) else position(item))


def predicate(
    ctx: Context, given: Any, attributes: Mapping[str, Attribute], *, key: Position = ""
) -> Callable[[Item], bool]:
    """Whether an item meets all filters of a request; raises for a filter that the listing does not have.

    What is compared is counted; where that is all that the call may do, the test raises PageEnds, with the last
    compared item's `key`.
    """
    if not given:
        return lambda item: True
    if sum(len(one.get("Values") or ()) for one in given) > MOST_VALUES:
        text = f"The maximum number of filter values specified on a single call is {MOST_VALUES}"
        raise ApiError("FilterLimitExceeded", text)
    tests = [_test(one.get("Name", ""), one.get("Values") or (), attributes, ctx.effort) for one in given]
    reached = ""

    def matches(item: Item) -> bool:
        nonlocal reached
        ctx.effort.spend(_READING * of_answer(item))
        try:
            found = all(test(item) for test in tests)
        except _UsedUp:
            raise PageEnds(reached) from None
        reached = position_of(item, key) if key else ""
        return found

    return matches


class _UsedUp(Exception):
    """The call has compared what it may, in the middle of an item."""


_READING = 0.4
"""What an item costs that was read and described to be compared, beside an item that is told, too."""
_PER_PATTERN, _PER_GAP, _PER_CHARACTER = 0.4, 0.5, 0.0005
"""For each pattern and value; for a `?`, and for a character of a pattern, times the characters of the value."""


def _test(
    name: str, values: Sequence[str], attributes: Mapping[str, Attribute], effort: Effort
) -> Callable[[Item], bool]:
    find = _finder(name, attributes)
    exact = frozenset(value for value in values if not _is_wild(value))
    wild = [value for value in values if _is_wild(value)]
    patterns = [_pattern(value) for value in wild]
    characters = _PER_CHARACTER * sum(map(len, wild)) + _PER_GAP * sum(value.count("?") for value in wild)

    def test(item: Item) -> bool:
        if effort.is_used_up:
            raise _UsedUp
        for text in map(_text, find(item)):
            if text in exact:
                return True
            if patterns:
                if effort.is_used_up:
                    raise _UsedUp
                effort.spend(_PER_PATTERN * len(patterns) + characters * len(text))
                if any(matches(text) for matches in patterns):
                    return True
        return False

    return test


def _is_wild(value: str) -> bool:
    return any(letter in value for letter in "*?\\")


def _finder(name: str, attributes: Mapping[str, Attribute]) -> Callable[[Item], Iterable[Any]]:
    attribute = attributes.get(name)
    if attribute is None and name.startswith("tag:"):
        key = name.removeprefix("tag:")
        return lambda item: [tag["Value"] for tag in item.get("Tags", ()) if tag["Key"] == key]
    if attribute is None and name == "tag-key":
        return lambda item: [tag["Key"] for tag in item.get("Tags", ())]
    if attribute is None:
        raise invalid_value(f"The filter '{name}' is invalid")
    if callable(attribute):
        return attribute
    path = attribute
    return lambda item: members(dict(item), path)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1000:03}Z"
    return str(value)


def _pattern(value: str) -> Callable[[str], bool]:
    """`*` is any text, `?` any character, a backslash takes the next one literally (EC2 API reference)."""
    signs: dict[str, Wild] = {"*": ANY, "?": ONE}
    tokens: list[str | Wild] = []
    letters = iter(value)
    for letter in letters:
        tokens.append(signs.get(letter) or (next(letters, "\\") if letter == "\\" else letter))
    return compile_match(tuple(tokens))


def exact_values(given: Any, name: str) -> list[str] | None:
    """The values of a filter that holds no wildcards, so that an index can serve it; else None."""
    for one in given or ():
        if one.get("Name") == name:
            values = list(one.get("Values") or ())
            return None if any(map(_is_wild, values)) else values
    return None
