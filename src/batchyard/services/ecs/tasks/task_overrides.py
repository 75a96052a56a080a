"""What a RunTask changes of its task definition: checked, and laid over the container."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from batchyard.framework.check import Check
from batchyard.framework.container_needs import Asked, asked_by
from batchyard.framework.context import Context
from batchyard.framework.place import place
from batchyard.services.ecs.definitions.container_definitions import NAMELESS
from batchyard.services.ecs.definitions.task_definitions import passed_to_tasks, resolve
from batchyard.services.ecs.resources import TASK, cluster_name
from batchyard.services.ecs.service import ecs
from batchyard.store.types import encode

LONGEST = 8192
"""Characters that the overrides may have (recorded with Batch, batch-on-behalf.md 7)."""

REFUSED = (
    "overrides.ephemeralStorage",
    "overrides.inferenceAcceleratorOverrides",
    "overrides.containerOverrides.environmentFiles",
    "overrides.containerOverrides.resourceRequirements.sharingStrategy",
)


def check(definition: Mapping[str, Any], overrides: Mapping[str, Any]) -> None:
    """Raise InvalidParameterException for overrides that ECS refuses (text of too long overrides: batch-jobs.md 6)."""
    if len(encode(overrides)) > LONGEST:
        raise ecs.error.InvalidParameterException(f"Container Overrides length must be at most {LONGEST}")
    names = {one["name"] for one in definition["containerDefinitions"]}
    for one in overrides.get("containerOverrides") or ():
        if one.get("name") not in names:
            raise ecs.error.InvalidParameterException(
                f"Override for container named {one.get('name')} is not a container in the TaskDefinition."
            )
        if any(not pair.get("name") for pair in one.get("environment") or ()):
            raise ecs.error.InvalidParameterException(NAMELESS)


def overridden(container: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """The container definition with its overrides: command and sizes replaced, environment by name."""
    result = dict(container)
    for one in overrides.get("containerOverrides") or ():
        if one.get("name") != container["name"]:
            continue
        environment = {pair["name"]: pair.get("value", "") for pair in result.get("environment") or ()}
        for pair in one.get("environment") or ():
            environment[pair["name"]] = pair.get("value", "")
        result.update({name: value for name, value in one.items() if name != "environment"})
        result["environment"] = [{"name": name, "value": value} for name, value in environment.items()]
    return result


def asked(document: Mapping[str, Any], overrides: Mapping[str, Any]) -> Asked:
    """What a task asks of its engine."""
    containers = [overridden(one, overrides) for one in document["containerDefinitions"]]
    return asked_by(containers, document["volumes"], document)


def passed_roles(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    """PassRole for the roles that the task will have: the overrides' or the task definition's."""
    overrides = request.get("overrides") or {}
    row = resolve(ctx.read, place(ctx), request.get("taskDefinition") or "")
    document = {} if row is None else row.document
    for name in ("taskRoleArn", "executionRoleArn"):
        role = overrides.get(name) or document.get(name)
        if role:
            task = TASK.arn(ctx, cluster=cluster_name(request), id="*")
            yield passed_to_tasks(ctx, role, associated=task)
