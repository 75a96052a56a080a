"""ecsProperties: the containers of a job's one task (botocore's of EcsProperties; texts: container_parameters.py)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from batchyard.framework.container_order import check_order
from batchyard.framework.container_parts import check_volumes
from batchyard.framework.context import Context
from batchyard.services.batch.definitions.container_parameters import check_parameters, read_back
from batchyard.services.batch.definitions.container_properties import LATEST, check_task
from batchyard.services.batch.definitions.job_tasks import CONTAINER
from batchyard.services.batch.definitions.sizes import FARGATE, check_sizes, sizes_of_task
from batchyard.services.batch.refusals import refusal

MOST_CONTAINERS = 10
CONDITIONS = ("START", "COMPLETE", "SUCCESS")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
_MODES = {"pidMode": ("host", "task"), "ipcMode": ("host", "task", "none")}


def check_ecs_properties(ctx: Context, given: Mapping[str, Any], platforms: Sequence[str]) -> None:
    """Raise ClientException for ecsProperties that Batch refuses for one of these platforms (texts are guesses)."""
    tasks = given["taskProperties"]
    if len(tasks) != 1:
        raise refusal(ctx, "ecsProperties must have exactly one element in taskProperties.")
    (task,) = tasks
    containers = named(task["containers"])
    if not 1 <= len(containers) <= MOST_CONTAINERS:
        raise refusal(ctx, f"taskProperties must have between 1 and {MOST_CONTAINERS} containers.")
    for one in containers:
        if not _NAME.fullmatch(one["name"]):
            raise refusal(ctx, f"Container name {one['name']} must match [A-Za-z0-9_-]{{1,255}}.")
    check_order(containers, partial(refusal, ctx), conditions=CONDITIONS)
    sizes = sizes_of_task(ctx, containers)
    volumes = task.get("volumes") or ()
    for platform in platforms:
        check_volumes(volumes, partial(refusal, ctx), fargate=platform == FARGATE)
        for one in containers:
            check_parameters(
                ctx,
                one,
                volumes=volumes,
                platform=platform,
                execution_role=task.get("executionRoleArn"),
                may_name_group=True,
            )
        check_sizes(ctx, sizes, platform)
        check_task(ctx, task, platform)
        _check_modes(ctx, task, platform)


def _check_modes(ctx: Context, task: Mapping[str, Any], platform: str) -> None:
    for member, values in _MODES.items():
        if task.get(member) and task[member] not in values:
            raise refusal(ctx, f"{member} must be one of {', '.join(values)}.")
    if platform == FARGATE and (task.get("ipcMode") or task.get("pidMode") == "host"):
        raise refusal(ctx, "ipcMode, and the pidMode host, are not applicable for Fargate.")
    if platform != FARGATE and task.get("platformVersion"):
        raise refusal(ctx, "platformVersion not applicable for EC2.")
    if task.get("networkMode"):
        raise refusal(
            ctx, f"networkMode is not applicable for {'Fargate' if platform == FARGATE else platform}."
        )


def with_defaults(given: Mapping[str, Any], platforms: Sequence[str]) -> dict[str, Any]:
    """ecsProperties as Batch shows them, with the members that Terraform's provider takes out before it compares."""
    (task,) = given["taskProperties"]
    shown: dict[str, Any] = {"volumes": [], **task}
    shown["containers"] = [
        read_back({"dependsOn": [], "essential": True, **one}) for one in named(task["containers"])
    ]
    if FARGATE in platforms:
        shown["platformVersion"] = task.get("platformVersion") or LATEST
    return {"taskProperties": [shown]}


def named(containers: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The containers, each with a name: AWS wants none, and `default` is the name of a job's only container [guess]."""
    return [{**one, "name": one.get("name") or CONTAINER} for one in containers]
