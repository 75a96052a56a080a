"""The request context of a simulation: ContextEntries of every type, and what is known of the caller."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from batchyard.framework.errors import ApiError
from batchyard.framework.tag_keys import principal_tag_keys
from batchyard.policy.conditions import OPERATORS
from batchyard.policy.conditions.boolean import to_boolean
from batchyard.policy.wildcard import Values
from batchyard.services.iam.service import iam

_IS_VALUE: Mapping[str, Callable[[str], bool]] = {
    "string": OPERATORS["stringequals"].is_value,
    "numeric": OPERATORS["numericequals"].is_value,
    "boolean": lambda text: to_boolean(text) is not None,
    "ip": OPERATORS["ipaddress"].is_value,
    "binary": OPERATORS["binaryequals"].is_value,
    "date": OPERATORS["dateequals"].is_value,
}
"""A value of a type is what the operators of that type take in a policy."""


def given_context(request: Any) -> dict[str, Values]:
    """ContextEntries by key in lower case: one value, or a tuple for a list type.

    Raises InvalidInput, in words that are a guess, for a value that is not of its type, for several values of a
    single-valued type, for an entry without a name and for one given twice.
    """
    context: dict[str, Values] = {}
    for entry in request.get("ContextEntries", ()):
        name = entry.get("ContextKeyName", "")
        if ":" not in name:
            raise _invalid(f"Invalid context key name: {name}")
        if name.lower() in context:
            raise _invalid(f"Context key {name} is given more than once")
        context[name.lower()] = _values(name, entry)
    return context


def _values(name: str, entry: Any) -> Values:
    values: tuple[str, ...] = tuple(entry.get("ContextKeyValues", ()))
    given = entry.get("ContextKeyType")
    is_list = given.endswith("List") if given else len(values) != 1
    kind = (given or "string").removesuffix("List")
    for value in values:
        if not _IS_VALUE[kind](value):
            raise _invalid(f"Invalid value {value} for context key {name} of type {kind}")
    if is_list:
        return values
    if len(values) != 1:
        raise _invalid(f"Context key {name} of type {kind} must have one value")
    return values[0]


def caller_context(arn: str, tags: Mapping[str, str], unique_id: str | None) -> dict[str, Values]:
    """What policies may ask about the simulated caller, in lower case: only what its ARN and entity say."""
    _, _, _, _, account, entity = arn.split(":", 5)
    kind, _, name = entity.partition("/")
    context: dict[str, Values] = {"aws:principalarn": arn, "aws:principalaccount": account}
    context["aws:principaltype"] = "User" if kind == "user" else "AssumedRole"
    if kind == "user":
        context["aws:username"] = name.rpartition("/")[2]
        if unique_id is not None:
            context["aws:userid"] = unique_id
    return context | principal_tag_keys(tags)


def _invalid(text: str) -> ApiError:
    return iam.error.InvalidInputException(text)
