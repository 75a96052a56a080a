"""A task as an engine's attempt: the command, its environment, its limits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from batchyard.engines.contract import (
    ContainerSpec,
    Dependency,
    Device,
    Group,
    Limits,
    Mount,
    TaskSpec,
    Tmpfs,
    Ulimit,
    Volume,
)
from batchyard.services.ecs.definitions.task_sizes import CPU_UNITS, gpus_of
from batchyard.services.ecs.tasks.gangs import addresses_in, member_of
from batchyard.services.ecs.tasks.task_overrides import overridden
from batchyard.store.prepared import Row

STOP_TIMEOUT_SECONDS = 30
"""Between SIGTERM and SIGKILL where the container definition names no stopTimeout (ECS API reference)."""


_ARGUMENTS = ("entryPoint", "command")


def attempt_of(
    row: Row,
    document: Mapping[str, Any],
    *,
    endpoints: Mapping[str, str],
    doors: Mapping[str, Mapping[str, str]],
    volume_of: Callable[[Mapping[str, Any]], Volume],
) -> TaskSpec:
    """What the engine is to run for a task; the attempt's name is the task's id.

    `endpoints`: variables with the addresses of servers, where the definition does not say them itself.
    `doors`: by container, variables that it gets whatever its definition says. `volume_of`: a volume of the definition
    as the task's engine is to make it.
    """
    limits = _limits(row, document)
    storage = document.get("ephemeralStorage")
    return TaskSpec(
        attempt=row.id,
        account=row.account,
        containers=tuple(
            _container(row, one, limits[one["name"]], endpoints=endpoints, doors=doors.get(one["name"], {}))
            for one in document["containerDefinitions"]
        ),
        volumes=tuple(map(volume_of, document["volumes"])),
        network=document.get("networkMode") or "host",
        pid_mode=document.get("pidMode"),
        ipc_mode=document.get("ipcMode"),
        ephemeral_storage_gib=storage["sizeInGiB"] if storage else None,
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
    definition: Mapping[str, Any],
    limits: Limits,
    *,
    endpoints: Mapping[str, str],
    doors: Mapping[str, str],
) -> ContainerSpec:
    container = overridden(definition, row.overrides)
    linux = container.get("linuxParameters") or {}
    entry_point, command = (tuple(container[name]) if container.get(name) else None for name in _ARGUMENTS)
    environment = {
        "LANG": "C.UTF-8",
        "AWS_REGION": row.region,
        "AWS_DEFAULT_REGION": row.region,
        **endpoints,
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
        limits=limits,
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
        depends_on=tuple(
            Dependency(container=one["containerName"], condition=one["condition"])
            for one in container.get("dependsOn") or ()
        ),
        start_timeout_seconds=container.get("startTimeout"),
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


def _limits(row: Row, document: Mapping[str, Any]) -> dict[str, Limits]:
    """By container its own limits; what the task asks for beyond them is the first one's."""
    first, *others = [overridden(one, row.overrides) for one in document["containerDefinitions"]]
    found = {one["name"]: _own_limits(one) for one in others}
    beyond = _Beyond(
        memory_mib=None if others else document.get("memory"),
        reserved_mib=row.memory - sum(one.taken_mib for one in found.values()),
        vcpus=row.cpu / CPU_UNITS - sum(one.vcpus for one in found.values()),
    )
    return {first["name"]: _own_limits(first, beyond), **found}


class _Beyond(NamedTuple):
    """What a task asks for that its containers do not."""

    memory_mib: str | None = None
    reserved_mib: int = 0
    vcpus: float = 0


def _own_limits(container: Mapping[str, Any], beyond: _Beyond = _Beyond()) -> Limits:  # noqa: B008 (immutable)
    linux = container.get("linuxParameters") or {}
    limit = container.get("memory") or beyond.memory_mib
    return Limits(
        memory_mib=int(limit) if limit else None,
        reserved_mib=max(int(container.get("memoryReservation") or 0), beyond.reserved_mib),
        vcpus=max(int(container.get("cpu") or 0) / CPU_UNITS, beyond.vcpus),
        gpus=gpus_of(container),
        shared_memory_mib=linux.get("sharedMemorySize"),
        swap_mib=linux.get("maxSwap"),
        swappiness=linux.get("swappiness"),
        ulimits=tuple(
            Ulimit(name=one["name"], soft=one["softLimit"], hard=one["hardLimit"])
            for one in container.get("ulimits") or ()
        ),
    )


def stop_timeout_seconds(document: Mapping[str, Any]) -> float:
    """How long a task may take to end after SIGTERM: its containers may have to end one after the other."""
    return sum(
        float(one.get("stopTimeout") or STOP_TIMEOUT_SECONDS) for one in document["containerDefinitions"]
    )
