"""What containerProperties may say, and how much of a machine they ask for (batch-jobs.md 7)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from batchyard.framework.container_parts import check_parts, check_volumes
from batchyard.framework.context import Context
from batchyard.scheduler.fit import is_fargate_pair
from batchyard.services.batch.refusals import refusal
from batchyard.services.batch.service import batch

LEAST_MEMORY_MIB = 4
LONGEST_IMAGE = 255
RESERVED_PREFIX = "AWS_BATCH"
LOG_OPTIONS = ("awslogs-group", "awslogs-region", "awslogs-stream-prefix", "awslogs-create-group", "mode")
FARGATE = "FARGATE"

REFUSED = (
    "volumes.efsVolumeConfiguration",
    "volumes.s3filesVolumeConfiguration",
    "secrets",
    "instanceType",
    "enableExecuteCommand",
    "ephemeralStorage",
    "repositoryCredentials",
    "logConfiguration.secretOptions",
)
"""Members that are refused by name: no engine is asked for them."""

_REGISTERING = ("RegisterJobDefinition",)
_SYSTEMS = batch.unbuilt(
    "`containerProperties.runtimePlatform.operatingSystemFamily` other than `LINUX`", on=_REGISTERING
)
_LOG_DRIVERS = batch.unbuilt(
    "`containerProperties.logConfiguration.logDriver` other than `awslogs`", on=_REGISTERING
)
_LOG_OPTIONS = batch.unbuilt(
    f"`containerProperties.logConfiguration.options` other than {', '.join(f'`{one}`' for one in LOG_OPTIONS)}",
    on=_REGISTERING,
)
_LISTS = ("command", "volumes", "environment", "mountPoints", "ulimits", "resourceRequirements", "secrets")
_WHOLE = re.compile(r"[0-9]{1,9}")
_DECIMAL = re.compile(r"[0-9]{0,6}\.?[0-9]{1,6}")


class Sizes(NamedTuple):
    """How much a job asks for."""

    vcpus: float
    memory_mib: int
    gpus: int


def with_empty_lists(container: Mapping[str, Any]) -> dict[str, Any]:
    """The container as Batch shows it: every empty list is there (batch-jobs.md 2)."""
    return {**{name: [] for name in _LISTS}, **container}


def check_container(ctx: Context, container: Mapping[str, Any], platforms: Sequence[str]) -> None:
    """Raise ClientException for containerProperties that Batch refuses for one of these platforms."""
    if not container.get("image"):
        raise refusal(ctx, "Container image must be specified")
    if len(container["image"]) > LONGEST_IMAGE:
        raise refusal(ctx, f"Container image can have at most {LONGEST_IMAGE} characters")
    if container.get("runtimePlatform", {}).get("operatingSystemFamily", "LINUX") != "LINUX":
        raise _SYSTEMS("the operating system family of runtimePlatform")
    check_environment(ctx, container.get("environment", ()))
    _check_logging(container.get("logConfiguration"))
    volumes = container.get("volumes", ())
    for platform in platforms:
        fargate = platform == FARGATE
        check_volumes(volumes, partial(refusal, ctx), fargate=fargate)
        check_parts(container, volumes, partial(refusal, ctx), fargate=fargate)
    sizes = sizes_of(ctx, container)
    for platform in platforms:
        check_sizes(ctx, sizes, platform)
    if FARGATE in platforms:
        _check_fargate(ctx, container)
    else:
        for member in ("networkConfiguration", "fargatePlatformConfiguration", "runtimePlatform"):
            if container.get(member):
                raise refusal(ctx, f"{member} not applicable for EC2.")


def check_environment(ctx: Context, environment: Sequence[Mapping[str, str]]) -> None:
    """Each variable has a name, and none begins with AWS_BATCH: Batch's own do (batch-jobs.md 6; texts are guesses)."""
    for pair in environment:
        if not pair.get("name"):
            raise refusal(ctx, "Environment variable name should not be null or empty")
        if pair.get("name", "").startswith(RESERVED_PREFIX):
            raise refusal(ctx, f"Environment variables cannot start with {RESERVED_PREFIX}")


def check_sizes(ctx: Context, sizes: Sizes, platform: str) -> None:
    """Raise ClientException where the platform has no such size."""
    if sizes.memory_mib < LEAST_MEMORY_MIB:
        raise refusal(ctx, f"Memory must be at least {LEAST_MEMORY_MIB} Mib, got {sizes.memory_mib} Mib.")
    if platform == FARGATE:
        if sizes.gpus:
            raise refusal(ctx, "GPU resource requirement is not applicable for Fargate.")
        if not is_fargate_pair(sizes.vcpus, sizes.memory_mib):
            pair = f"({sizes.vcpus:.2f} vCPU, {sizes.memory_mib} MiB)"
            raise refusal(ctx, f"Fargate resource requirements {pair} not valid for Fargate.")
    elif sizes.vcpus < 1 or sizes.vcpus != int(sizes.vcpus):
        raise refusal(ctx, f"VCPU must be a whole number of at least 1, got {sizes.vcpus:g}.")


def sizes_of(ctx: Context, container: Mapping[str, Any]) -> Sizes:
    """vCPUs, memory and GPUs by resourceRequirements, or by the deprecated members vcpus and memory."""
    needs: dict[str, str] = {}
    for need in container.get("resourceRequirements", ()):
        if need["type"] in needs:
            raise refusal(ctx, f"Resource requirement {need['type']} must be given only once.")
        needs[need["type"]] = need["value"]
    vcpus = needs.get("VCPU", container.get("vcpus"))
    memory = needs.get("MEMORY", container.get("memory"))
    if vcpus is None:
        raise refusal(ctx, "VCPU resource requirement must be specified.")
    if memory is None:
        raise refusal(ctx, "MEMORY resource requirement must be specified.")
    return Sizes(
        vcpus=_number(ctx, "VCPU", vcpus), memory_mib=_whole(ctx, "MEMORY", memory), gpus=_gpus(ctx, needs)
    )


def _gpus(ctx: Context, needs: Mapping[str, str]) -> int:
    if "GPU" not in needs:
        return 0
    count = _whole(ctx, "GPU", needs["GPU"])
    if count < 1:
        raise refusal(ctx, "GPU must be at least 1.")
    return count


def _number(ctx: Context, kind: str, value: Any) -> float:
    if not _DECIMAL.fullmatch(str(value)):
        raise refusal(ctx, f"{kind} '{value}' is not a number.")
    return float(value)


def _whole(ctx: Context, kind: str, value: Any) -> int:
    if not _WHOLE.fullmatch(str(value)):
        raise refusal(ctx, f"{kind} '{value}' is not a whole number.")
    return int(value)


def _check_logging(configuration: Mapping[str, Any] | None) -> None:
    if configuration is None:
        return
    if configuration["logDriver"] != "awslogs":
        raise _LOG_DRIVERS(f"the log driver {configuration['logDriver']}")
    for option in configuration.get("options", ()):
        if option not in LOG_OPTIONS:
            raise _LOG_OPTIONS(f"the log option {option}")


def _check_fargate(ctx: Context, container: Mapping[str, Any]) -> None:
    if not container.get("executionRoleArn"):
        raise refusal(ctx, "executionRoleArn is required for Fargate.")
    if container.get("privileged"):
        raise refusal(ctx, "privileged is not applicable for Fargate.")
