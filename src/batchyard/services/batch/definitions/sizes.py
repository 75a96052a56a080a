"""How much of a machine a job's containers ask for (batch-jobs.md 7, what-aws-says.md 30; other texts are guesses)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from batchyard.framework.context import Context
from batchyard.scheduler.fit import is_fargate_pair
from batchyard.services.batch.refusals import refusal

LEAST_MEMORY_MIB = 4
FARGATE = "FARGATE"

_WHOLE = re.compile(r"[0-9]{1,9}")
_DECIMAL = re.compile(r"[0-9]{0,6}\.?[0-9]{1,6}")


class Sizes(NamedTuple):
    """How much a job asks for."""

    vcpus: float
    memory_mib: int
    gpus: int


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
        raise refusal(ctx, "vCPU is required.")
    if memory is None:
        raise refusal(ctx, "Memory is required.")
    return Sizes(
        vcpus=_number(ctx, "VCPU", vcpus), memory_mib=_whole(ctx, "MEMORY", memory), gpus=_gpus(ctx, needs)
    )


def sizes_of_task(ctx: Context, containers: Sequence[Mapping[str, Any]]) -> Sizes:
    """What the containers of a task ask for together; each must ask for vCPUs and memory."""
    each = [sizes_of(ctx, one) for one in containers]
    for one in each:
        _check_memory(ctx, one)
    return Sizes(*(sum(parts) for parts in zip(*each, strict=True)))


def check_sizes(ctx: Context, sizes: Sizes, platform: str) -> None:
    """Raise ClientException where the platform has no such size."""
    _check_memory(ctx, sizes)
    if platform == FARGATE:
        if sizes.gpus:
            raise refusal(ctx, "GPU is not applicable for Fargate.")
        if not is_fargate_pair(sizes.vcpus, sizes.memory_mib):
            pair = f"({sizes.vcpus:.2f} vCPU, {sizes.memory_mib} MiB)"
            raise refusal(ctx, f"Fargate resource requirements {pair} not valid for Fargate.")
    elif sizes.vcpus < 1 or sizes.vcpus != int(sizes.vcpus):
        raise refusal(ctx, f"VCPU must be a whole number of at least 1, got {sizes.vcpus:g}.")


def _check_memory(ctx: Context, sizes: Sizes) -> None:
    if sizes.memory_mib < LEAST_MEMORY_MIB:
        raise refusal(ctx, f"Memory must be at least {LEAST_MEMORY_MIB} Mib, got {sizes.memory_mib} Mib.")


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
