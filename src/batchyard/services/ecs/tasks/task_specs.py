"""A task as an engine's attempt: the command, its environment, its limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from batchyard.engines.contract import (
    ContainerSpec,
    Device,
    Group,
    Limits,
    Mount,
    TaskSpec,
    Tmpfs,
    Ulimit,
    Volume,
)
from batchyard.services.ecs.definitions.task_sizes import CPU_UNITS
from batchyard.services.ecs.tasks.gangs import addresses_in, member_of
from batchyard.services.ecs.tasks.task_overrides import overridden
from batchyard.store.prepared import Row

STOP_TIMEOUT_SECONDS = 30
"""Between SIGTERM and SIGKILL where the container definition names no stopTimeout (ECS API reference)."""


_ARGUMENTS = ("entryPoint", "command")


def attempt_of(row: Row, document: Mapping[str, Any], *, endpoint: str, doors: Mapping[str, str]) -> TaskSpec:
    """What the engine is to run for a task; the attempt's name is the task's id.

    `doors`: variables that every container gets, whatever its definition says.
    """
    return TaskSpec(
        attempt=row.id,
        account=row.account,
        containers=tuple(
            _container(row, document, one, endpoint=endpoint, doors=doors)
            for one in document["containerDefinitions"]
        ),
        volumes=tuple(
            Volume(name=one["name"], host_path=(one.get("host") or {}).get("sourcePath"))
            for one in document["volumes"]
        ),
        network=document.get("networkMode") or "host",
        group=_group(row, document),
    )


def _group(row: Row, document: Mapping[str, Any]) -> Group | None:
    """The task's gang, with the variables that the engine is to fill in."""
    member = None if row.gang is None else member_of(row.task_group)
    if member is None:
        return None
    return Group(
        kind="gang",
        name=f"{row.cluster}/{member.gang}",
        index=member.index,
        size=member.size,
        addresses={
            name: index
            for one in document["containerDefinitions"]
            for name, index in addresses_in(overridden(one, row.overrides).get("environment") or ()).items()
        },
    )


def _container(
    row: Row,
    document: Mapping[str, Any],
    definition: Mapping[str, Any],
    *,
    endpoint: str,
    doors: Mapping[str, str],
) -> ContainerSpec:
    container = overridden(definition, row.overrides)
    linux = container.get("linuxParameters") or {}
    entry_point, command = (tuple(container[name]) if container.get(name) else None for name in _ARGUMENTS)
    environment = {
        "LANG": "C.UTF-8",
        "AWS_REGION": row.region,
        "AWS_DEFAULT_REGION": row.region,
        "AWS_ENDPOINT_URL": endpoint,
        # The machine's own role, if any, is not the task's.
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    environment.update((pair["name"], pair.get("value", "")) for pair in container.get("environment") or ())
    environment.update(doors)
    return ContainerSpec(
        name=container["name"],
        image=container["image"],
        entry_point=entry_point,
        command=command,
        environment=environment,
        working_directory=container.get("workingDirectory"),
        user=container.get("user"),
        limits=_limits(row, document, container),
        mounts=tuple(
            Mount(
                volume=one["sourceVolume"],
                path=one["containerPath"],
                read_only=bool(one.get("readOnly")),
            )
            for one in container.get("mountPoints") or ()
        ),
        tmpfs=tuple(
            Tmpfs(
                path=one["containerPath"], size_mib=one["size"], options=tuple(one.get("mountOptions") or ())
            )
            for one in linux.get("tmpfs") or ()
        ),
        devices=tuple(_device(one) for one in linux.get("devices") or ()),
        init=bool(linux.get("initProcessEnabled")),
        privileged=bool(container.get("privileged")),
        read_only_root=bool(container.get("readonlyRootFilesystem")),
        essential=container.get("essential", True),
        stop_timeout_seconds=float(container.get("stopTimeout") or STOP_TIMEOUT_SECONDS),
    )


def _device(given: Mapping[str, Any]) -> Device:
    if not given.get("permissions"):
        return Device(host_path=given["hostPath"], path=given.get("containerPath") or given["hostPath"])
    return Device(
        host_path=given["hostPath"],
        path=given.get("containerPath") or given["hostPath"],
        permissions=tuple(one.lower() for one in given["permissions"]),
    )


def _limits(row: Row, document: Mapping[str, Any], container: Mapping[str, Any]) -> Limits:
    """The container's own limits; the task's size counts where it has one container only."""
    linux = container.get("linuxParameters") or {}
    alone = len(document["containerDefinitions"]) == 1
    limit = container.get("memory") or (document.get("memory") if alone else None)
    return Limits(
        memory_mib=int(limit) if limit else None,
        reserved_mib=row.memory if alone else int(container.get("memoryReservation") or 0),
        vcpus=(row.cpu if alone else int(container.get("cpu") or 0)) / CPU_UNITS,
        gpus=len(row.gpu_ids) if alone else 0,
        shared_memory_mib=linux.get("sharedMemorySize"),
        swap_mib=linux.get("maxSwap"),
        swappiness=linux.get("swappiness"),
        ulimits=tuple(
            Ulimit(name=one["name"], soft=one["softLimit"], hard=one["hardLimit"])
            for one in container.get("ulimits") or ()
        ),
    )


def stop_timeout_seconds(document: Mapping[str, Any]) -> float:
    """How long a task may take to end after SIGTERM."""
    return float(document["containerDefinitions"][0].get("stopTimeout") or STOP_TIMEOUT_SECONDS)
