"""The Filters of EC2's listings: names of attributes, values with wildcards, all of them to be met.

Texts of errors without a source were not compared with AWS's [guess].
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from batchyard.framework.check import members
from batchyard.framework.errors import ApiError
from batchyard.policy.wildcard import ANY, ONE, Wild, compile_match
from batchyard.services.ec2.refusals import invalid_value

MOST_VALUES = 200
"""Of all filters of a call (EC2 API reference, error codes; the text is told in several threads)."""
Item = Mapping[str, Any]
Attribute = str | Callable[[Item], Iterable[Any]]
"""Where a filter looks: a dotted path of the described item, or a function that gives the values."""


def predicate(given: Any, attributes: Mapping[str, Attribute]) -> Callable[[Item], bool]:
    """Whether an item meets all filters of a request; raises for one that the listing does not have."""
    if sum(len(one.get("Values") or ()) for one in given or ()) > MOST_VALUES:
        text = f"The maximum number of filter values specified on a single call is {MOST_VALUES}"
        raise ApiError("FilterLimitExceeded", text)
    tests = [_test(one.get("Name", ""), one.get("Values") or (), attributes) for one in given or ()]
    return lambda item: all(test(item) for test in tests)


def _test(name: str, values: Iterable[str], attributes: Mapping[str, Attribute]) -> Callable[[Item], bool]:
    find = _finder(name, attributes)
    patterns = [_pattern(value) for value in values]
    return lambda item: any(matches(value) for value in map(_text, find(item)) for matches in patterns)


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
            return None if any(letter in value for value in values for letter in "*?\\") else values
    return None
