"""The CPU and memory of tasks and containers, as ECS writes them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from batchyard.framework.check import Values
from batchyard.framework.errors import ApiError
from batchyard.framework.whole_numbers import whole_number
from batchyard.services.ecs.service import ecs

CPU_UNITS = 1024
"""CPU units of one vCPU."""
LEAST_MEMORY = 4
"""MiB that a container needs at least (batch-jobs.md 7)."""

_FARGATE: dict[int, Sequence[int]] = {
    256: (512, 1024, 2048),
    512: range(1024, 4097, 1024),
    1024: range(2048, 8193, 1024),
    2048: range(4096, 16385, 1024),
    4096: range(8192, 30721, 1024),
    8192: range(16384, 61441, 4096),
    16384: range(32768, 122881, 8192),
}
_VCPU = re.compile(r"([0-9]{0,9}\.?[0-9]{1,9})\s*vcpu", re.IGNORECASE)
_GB = re.compile(r"([0-9]{0,9}\.?[0-9]{1,9})\s*gb", re.IGNORECASE)


def cpu_units(text: str) -> int:
    """CPU units of `256`, `.25 vCPU` or `1 vcpu`; raises ClientException."""
    found = _VCPU.fullmatch(text.strip())
    if found:
        return int(float(found[1]) * CPU_UNITS)
    return _whole(text, "cpu")


def memory_mib(text: str) -> int:
    """MiB of `512`, `0.5GB` or `1 GB`; raises ClientException."""
    found = _GB.fullmatch(text.strip())
    if found:
        return int(float(found[1]) * 1024)
    return _whole(text, "memory")


def size_keys(given: Mapping[str, Any]) -> dict[str, Values]:
    """ecs:task-cpu in CPU units and ecs:task-memory in MiB, as a request gives them; what is no size has no key."""
    keys: dict[str, Values] = {}
    for name, convert in (("cpu", cpu_units), ("memory", memory_mib)):
        try:
            keys[f"ecs:task-{name}"] = str(convert(given[name]))
        except (KeyError, ApiError):
            continue
    return keys


def _whole(text: str, what: str) -> int:
    number = whole_number(text.strip())
    if number is None:
        raise ecs.error.ClientException(f"Invalid '{what}' setting for task.")
    return number


def check_fargate(cpu: int, memory: int) -> None:
    """Raise ClientException where Fargate has no such pair (batch-jobs.md 7)."""
    if memory not in _FARGATE.get(cpu, ()):
        raise ecs.error.ClientException(
            f"No Fargate configuration exists for given values: {cpu} CPU, {memory} memory. See the Amazon ECS"
            " documentation for the valid values."
        )


def container_memory(container: Mapping[str, Any]) -> int:
    """What a container takes of an instance's memory: its reservation, or its limit."""
    return int(container.get("memoryReservation") or container.get("memory") or 0)


def task_size(definition: Mapping[str, Any], overrides: Mapping[str, Any]) -> tuple[int, int]:
    """(CPU units, MiB) that a task takes: the task's own size, or the sum of its containers', overridden."""
    by_name = {one.get("name"): one for one in overrides.get("containerOverrides", ())}
    cpu = memory = 0
    for container in definition["containerDefinitions"]:
        both = {**container, **by_name.get(container["name"], {})}
        cpu += int(both.get("cpu") or 0)
        memory += container_memory(both)
    own_cpu = overrides.get("cpu") or definition.get("cpu")
    own_memory = overrides.get("memory") or definition.get("memory")
    return (cpu_units(own_cpu) if own_cpu else cpu, memory_mib(own_memory) if own_memory else memory)


def gpu_count(definition: Mapping[str, Any], overrides: Mapping[str, Any]) -> int:
    """How many GPUs the containers of a task ask for."""
    by_name = {one.get("name"): one for one in overrides.get("containerOverrides", ())}
    count = 0
    for container in definition["containerDefinitions"]:
        count += gpus_of({**container, **by_name.get(container["name"], {})})
    return count


def gpus_of(container: Mapping[str, Any]) -> int:
    """How many GPUs one container asks for."""
    count = 0
    for need in container.get("resourceRequirements") or ():
        if need["type"] != "GPU":
            raise ecs.error.ClientException(f"Unsupported resource type {need['type']}.")
        number = whole_number(need.get("value", ""))
        if number is None:
            raise ecs.error.ClientException(f"GPU value '{need.get('value')}' is not a whole number.")
        count += number
    return count
