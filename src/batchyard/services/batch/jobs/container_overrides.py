"""A job's containers: the definition's, with what SubmitJob changes and its parameters put in."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from batchyard.framework.container_parts import check_secrets
from batchyard.framework.context import Context
from batchyard.services.batch.definitions.container_parameters import check_environment
from batchyard.services.batch.definitions.sizes import FARGATE
from batchyard.services.batch.refusals import refusal
from batchyard.services.batch.service import batch

_PLACEHOLDER = re.compile(r"Ref::([A-Za-z0-9_-]+)")
_OLD_SIZES = {"vcpus": "VCPU", "memory": "MEMORY"}


def with_parameters(command: Sequence[str], parameters: Mapping[str, str]) -> list[str]:
    """The command with each `Ref::name` replaced; raises ClientException for a name that nobody gave (recorded:
    what-aws-says.md 06)."""

    def value(found: re.Match[str]) -> str:
        if found[1] not in parameters:
            text = f"Unable to substitute value. No parameter found for reference {found[1]}"
            raise batch.error.ClientException(text)
        return parameters[found[1]]

    return [_PLACEHOLDER.sub(value, one) for one in command]


def overridden(
    ctx: Context,
    container: Mapping[str, Any],
    overrides: Mapping[str, Any],
    parameters: Mapping[str, str],
    *,
    platform: str,
) -> dict[str, Any]:
    """The container of one job, be it containerProperties or a container of ecsProperties.

    vcpus and memory do not override resourceRequirements: they are taken without effect (what-aws-says.md 02), and on
    Fargate refused (03). No argument of a command may be empty (10).
    """
    result = dict(container)
    if overrides.get("command"):
        if not all(overrides["command"]):
            raise batch.error.ClientException("Command cannot be empty")
        result["command"] = overrides["command"]
    result["command"] = with_parameters(result["command"], parameters)
    if overrides.get("environment"):
        check_environment(ctx, overrides["environment"])
        result["environment"] = _merged(container["environment"], overrides["environment"], key="name")
        check_secrets(result, partial(refusal, ctx))
    needs = overrides.get("resourceRequirements")
    if needs:
        result["resourceRequirements"] = _merged(
            container.get("resourceRequirements") or (), needs, key="type"
        )
        for member, kind in _OLD_SIZES.items():
            if any(one["type"] == kind for one in needs):
                result.pop(member, None)
    for member, kind in _OLD_SIZES.items():
        if overrides.get(member) and platform == FARGATE:
            text = f"{member} is not applicable for Fargate. Use resource requirements instead."
            raise batch.error.ClientException(text)
        if overrides.get(member) and all(one["type"] != kind for one in result["resourceRequirements"]):
            result[member] = overrides[member]
    return result


def _merged(
    given: Sequence[Mapping[str, Any]], changes: Sequence[Mapping[str, Any]], *, key: str
) -> list[Mapping[str, Any]]:
    by_key = {one.get(key): one for one in given}
    by_key.update({one.get(key): one for one in changes})
    return list(by_key.values())
