"""The containers of one task: which come before others, and which of them the task ends with.

Batch and ECS have the same rules (botocore's texts of TaskContainerDependency and ContainerDependency); the texts were
not compared with AWS's [guess].
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from batchyard.framework.container_parts import Refuse

_Containers = Sequence[Mapping[str, Any]]
_ENDED = ("COMPLETE", "SUCCESS")


def check_order(containers: _Containers, refuse: Refuse, *, conditions: Sequence[str]) -> None:
    """Raise what `refuse` makes where names clash, nothing is essential, or no order exists.

    `conditions` are those that the service knows. A task waits for the end of no essential container, as it would end
    with it, nor for the health of a container without a health check.
    """
    by_name = {one["name"]: one for one in containers}
    if len(by_name) < len(containers):
        raise refuse("Container names must be unique within a task definition.")
    if not any(one.get("essential", True) for one in containers):
        raise refuse(
            "Invalid setting for container. A task definition needs at least one essential container."
        )
    for container in containers:
        for one in container.get("dependsOn") or ():
            _check_one(container["name"], one, by_name, refuse, conditions)
    _check_cycles(containers, refuse)


def _check_one(
    name: str,
    given: Mapping[str, Any],
    by_name: Mapping[str, Mapping[str, Any]],
    refuse: Refuse,
    conditions: Sequence[str],
) -> None:
    other = given.get("containerName") or ""
    condition = given.get("condition") or ""
    if other not in by_name or other == name:
        raise refuse(
            f"Container '{name}' depends on container '{other}', which is not another one of its task."
        )
    if condition not in conditions:
        raise refuse(
            f"Dependency condition '{condition}' of container '{name}' is not one of {', '.join(conditions)}."
        )
    if condition in _ENDED and by_name[other].get("essential", True):
        raise refuse(
            f"Container '{name}' cannot depend on {condition} of container '{other}', which is essential."
        )
    if condition == "HEALTHY" and not by_name[other].get("healthCheck"):
        raise refuse(
            f"Container '{name}' depends on HEALTHY of container '{other}', which has no health check."
        )


def _check_cycles(containers: _Containers, refuse: Refuse) -> None:
    before = {
        one["name"]: {each["containerName"] for each in one.get("dependsOn") or ()} for one in containers
    }
    while before:
        free = [name for name, others in before.items() if not others & before.keys()]
        if not free:
            raise refuse(f"The containers {', '.join(sorted(before))} depend on each other.")
        for name in free:
            del before[name]
