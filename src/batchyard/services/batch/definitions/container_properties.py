"""containerProperties: one container and what is said of its task (batch-jobs.md 7; texts: container_parameters.py)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from batchyard.framework.container_parts import check_storage, check_volumes
from batchyard.framework.context import Context
from batchyard.services.batch.definitions.container_parameters import check_parameters, read_back
from batchyard.services.batch.definitions.sizes import FARGATE, check_sizes, sizes_of
from batchyard.services.batch.refusals import refusal

LATEST = "LATEST"
SYSTEMS = (
    "LINUX",
    "WINDOWS_SERVER_2019_CORE",
    "WINDOWS_SERVER_2019_FULL",
    "WINDOWS_SERVER_2022_CORE",
    "WINDOWS_SERVER_2022_FULL",
)
ARCHITECTURES = ("X86_64", "ARM64")
_ON_FARGATE_ALONE = ("networkConfiguration", "ephemeralStorage")


def check_container(
    ctx: Context, container: Mapping[str, Any], platforms: Sequence[str], *, is_node: bool = False
) -> None:
    """Raise ClientException for containerProperties that Batch refuses for one of these platforms.

    `is_node`: of a multi-node parallel job, whose containers may name an instance type.
    """
    sizes = sizes_of(ctx, container)
    volumes = container.get("volumes") or ()
    for platform in platforms:
        check_volumes(volumes, partial(refusal, ctx), fargate=platform == FARGATE)
        check_parameters(
            ctx,
            container,
            volumes=volumes,
            platform=platform,
            execution_role=container.get("executionRoleArn"),
        )
        check_sizes(ctx, sizes, platform)
        check_task(ctx, container, platform)
        if platform != FARGATE and container.get("fargatePlatformConfiguration"):
            raise refusal(ctx, "fargatePlatformConfiguration not applicable for EC2.")
    if container.get("instanceType") and not is_node:
        # "Isn't applicable to single-node container jobs ... and shouldn't be provided" (botocore's text).
        raise refusal(ctx, "instanceType is only applicable for multi-node parallel jobs.")


def check_task(ctx: Context, task: Mapping[str, Any], platform: str) -> None:
    """Raise ClientException for what is said of all containers together, be it of containerProperties or ecsProperties.

    Texts: what-aws-says.md 30; those about a system, an architecture and storage are guesses.
    """
    runtime = task.get("runtimePlatform") or {}
    if runtime.get("operatingSystemFamily", "LINUX") not in SYSTEMS:
        raise refusal(ctx, f"operatingSystemFamily must be one of {', '.join(SYSTEMS)}.")
    if runtime.get("cpuArchitecture", "X86_64") not in ARCHITECTURES:
        raise refusal(ctx, f"cpuArchitecture must be one of {', '.join(ARCHITECTURES)}.")
    check_storage(task.get("ephemeralStorage"), partial(refusal, ctx))
    if platform == FARGATE:
        if not task.get("executionRoleArn"):
            raise refusal(ctx, "executionRoleArn is required for Fargate jobs.")
        return
    for member in _ON_FARGATE_ALONE:
        if task.get(member):
            raise refusal(ctx, f"{member} not applicable for EC2.")
    if runtime:
        raise refusal(ctx, "runtimePlatform is not applicable for EC2.")


def with_defaults(container: Mapping[str, Any], platforms: Sequence[str]) -> dict[str, Any]:
    """The container as Batch shows it: every empty list is there, and Fargate's platform version."""
    shown = read_back({"volumes": [], "resourceRequirements": [], **container})
    if FARGATE in platforms:
        shown["fargatePlatformConfiguration"] = {
            "platformVersion": LATEST,
            **(container.get("fargatePlatformConfiguration") or {}),
        }
    return shown
