"""A task's containers as Docker's API takes them: pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from batchyard.engines.contract import ContainerSpec, Limits, Mount, TaskSpec, Volume
from batchyard.engines.docker.plans import Plan
from batchyard.engines.process.host_address import own_address

ENGINE_LABEL = "batchyard.engine"
ATTEMPT_LABEL = "batchyard.attempt"
CONTAINER_LABEL = "batchyard.container"
TASK_LABEL = "batchyard.task"
GPUS_LABEL = "batchyard.gpus"
SERVER_LABEL = "batchyard.server"
"""On containers that shall not outlive their server: which process that is."""

_MIB = 1 << 20
_CPU_SHARES = 1024
_LEAST_SHARES, _MOST_SHARES = 2, 262_144
"""Bounds of the kernel."""
_PERMISSIONS = {"read": "r", "write": "w", "mknod": "m"}
_ON_HOST = ("host", "awsvpc")
"""Network modes that are the host's network here."""


def container_name(engine: str, attempt: str, container: str) -> str:
    """A container's name in the daemon: each can be there once, whoever makes it. No part contains a dot."""
    return f"batchyard.{engine}.{attempt}.{container}"


def volume_name(engine: str, attempt: str, volume: str) -> str:
    """The name of a volume that ends with its task."""
    return f"batchyard.{engine}.{attempt}.{volume}"


def body(
    spec: TaskSpec,
    container: ContainerSpec,
    *,
    engine: str,
    gpus: Sequence[str] = (),
    labels: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The request of POST /containers/create. `gpus`: the host's GPUs that the container gets."""
    made: dict[str, Any] = {
        "Image": container.image,
        "Env": [f"{name}={value}" for name, value in _environment(spec, container).items()],
        "Labels": {
            **(labels or {}),
            ENGINE_LABEL: engine,
            ATTEMPT_LABEL: spec.attempt,
            CONTAINER_LABEL: container.name,
            TASK_LABEL: Plan.of(spec).text,
        },
        "HostConfig": _host_config(spec, container, engine=engine, gpus=gpus),
    }
    if container.entry_point is not None:
        made["Entrypoint"] = list(container.entry_point)
    if container.command is not None:
        made["Cmd"] = list(container.command)
    if container.user:
        made["User"] = container.user
    if container.working_directory:
        made["WorkingDir"] = container.working_directory
    return made


def _environment(spec: TaskSpec, container: ContainerSpec) -> dict[str, str]:
    """The members of a gang reach each other at this machine's address: all are in its network."""
    addresses = spec.group.addresses if spec.group is not None else {}
    return {**container.environment, **(dict.fromkeys(addresses, own_address()) if addresses else {})}


def _host_config(
    spec: TaskSpec, container: ContainerSpec, *, engine: str, gpus: Sequence[str]
) -> dict[str, Any]:
    made: dict[str, Any] = {
        # Named, as a daemon's default may be a driver that cannot be read, or that throws lines away.
        "LogConfig": {"Type": "json-file", "Config": {}},
        "NetworkMode": "host" if spec.network in _ON_HOST else spec.network,
        "Privileged": container.privileged,
        "ReadonlyRootfs": container.read_only_root,
        "Init": container.init,
        "Ulimits": [
            {"Name": one.name, "Soft": one.soft, "Hard": one.hard} for one in container.limits.ulimits
        ],
        "Devices": [
            {
                "PathOnHost": one.host_path,
                "PathInContainer": one.path,
                "CgroupPermissions": "".join(_PERMISSIONS[name] for name in one.permissions),
            }
            for one in container.devices
        ],
        "Tmpfs": {one.path: ",".join([f"size={one.size_mib}m", *one.options]) for one in container.tmpfs},
        **_limits(container.limits),
        **_namespaces(spec, container, engine=engine),
    }
    volumes = {one.name: one for one in spec.volumes}
    mounted = [(mount, volumes[mount.volume]) for mount in container.mounts]
    made["Binds"] = [_bind(mount, volume.host_path) for mount, volume in mounted if _is_bind(mount, volume)]
    made["Mounts"] = [
        _mount(mount, volume, name=volume_name(engine, spec.attempt, volume.name), engine=engine)
        for mount, volume in mounted
        if not _is_bind(mount, volume)
    ]
    if gpus:
        made["DeviceRequests"] = [
            {"Driver": "nvidia", "DeviceIDs": list(gpus), "Capabilities": [["gpu"]]},
        ]
    return made


def _namespaces(spec: TaskSpec, container: ContainerSpec, *, engine: str) -> dict[str, Any]:
    """Those that a task's containers share are its first container's, which starts first."""
    first = spec.containers[0]
    shared = f"container:{container_name(engine, spec.attempt, first.name)}"
    made: dict[str, Any] = {}
    if spec.pid_mode == "host" or (spec.pid_mode == "task" and container is not first):
        made["PidMode"] = "host" if spec.pid_mode == "host" else shared
    if spec.ipc_mode == "task":
        made["IpcMode"] = "shareable" if container is first else shared
    elif spec.ipc_mode is not None:
        made["IpcMode"] = spec.ipc_mode
    return made


def _limits(limits: Limits) -> dict[str, Any]:
    made: dict[str, Any] = {
        "CpuShares": min(max(int(limits.vcpus * _CPU_SHARES), _LEAST_SHARES), _MOST_SHARES),
    }
    if limits.memory_mib is not None:
        made["Memory"] = limits.memory_mib * _MIB
    if limits.reserved_mib and limits.reserved_mib != limits.memory_mib:
        made["MemoryReservation"] = limits.reserved_mib * _MIB
    if limits.swap_mib is not None and limits.memory_mib is not None:
        made["MemorySwap"] = (limits.memory_mib + limits.swap_mib) * _MIB
    if limits.swappiness is not None:
        made["MemorySwappiness"] = limits.swappiness
    if limits.shared_memory_mib is not None:
        made["ShmSize"] = limits.shared_memory_mib * _MIB
    return made


def _is_bind(mount: Mount, volume: Volume) -> bool:
    """A bind makes a folder that is missing on the host, as ECS wants; it cannot name one with a colon."""
    return volume.host_path is not None and ":" not in volume.host_path + mount.path


def _bind(mount: Mount, host_path: str | None) -> str:
    return f"{host_path}:{mount.path}:{'ro' if mount.read_only else 'rw'}"


def _mount(mount: Mount, volume: Volume, *, name: str, engine: str) -> dict[str, Any]:
    made = {"Target": mount.path, "ReadOnly": mount.read_only}
    if volume.host_path is not None:
        return {**made, "Type": "bind", "Source": volume.host_path}
    return {
        **made,
        "Type": "volume",
        "Source": name,
        "VolumeOptions": {"Labels": {ENGINE_LABEL: engine}},
    }
