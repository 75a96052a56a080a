"""A job's container: the definition's, with what SubmitJob changes and its parameters put in."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from batchyard.framework.context import Context
from batchyard.services.batch.definitions.container_properties import check_environment
from batchyard.services.batch.refusals import refusal

_PLACEHOLDER = re.compile(r"Ref::([A-Za-z0-9_-]+)")
_DEPRECATED = (
    "This value was submitted in a deprecated key and may conflict with the value provided by the job"
    " definition's resource requirements."
)
_DEPRECATED_KINDS = {"vcpus": "VCPU", "memory": "MEMORY"}


def with_parameters(command: Sequence[str], parameters: Mapping[str, str]) -> list[str]:
    """The command with each `Ref::name` replaced; a name that nobody gave stays as it is (batch-jobs.md 6)."""
    return [_PLACEHOLDER.sub(lambda found: parameters.get(found[1], found[0]), one) for one in command]


def overridden(
    ctx: Context, container: Mapping[str, Any], overrides: Mapping[str, Any], parameters: Mapping[str, str]
) -> dict[str, Any]:
    """The container of one job; raises ClientException for overrides that clash with the definition."""
    result = dict(container)
    if overrides.get("command"):
        result["command"] = overrides["command"]
    result["command"] = with_parameters(result["command"], parameters)
    if overrides.get("environment"):
        check_environment(ctx, overrides["environment"])
        result["environment"] = _merged(container["environment"], overrides["environment"], key="name")
    needs = overrides.get("resourceRequirements")
    if needs:
        result["resourceRequirements"] = _merged(container["resourceRequirements"], needs, key="type")
        for member, kind in _DEPRECATED_KINDS.items():
            if any(one["type"] == kind for one in needs):
                result.pop(member, None)
    for member, kind in _DEPRECATED_KINDS.items():
        if overrides.get(member):
            if any(one["type"] == kind for one in result["resourceRequirements"]):
                raise refusal(ctx, _DEPRECATED)
            result[member] = overrides[member]
    return result


def _merged(
    given: Sequence[Mapping[str, Any]], changes: Sequence[Mapping[str, Any]], *, key: str
) -> list[Mapping[str, Any]]:
    by_key = {one.get(key): one for one in given}
    by_key.update({one.get(key): one for one in changes})
    return list(by_key.values())
