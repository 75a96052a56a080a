"""What a container asks of its engine beyond running a command: each parameter with the ability that it needs.

Batch's containerProperties and ECS's containerDefinitions have these members alike. The table is what refusals, the
scheduler and docs/coverage.md read; the abilities are those of engines/abilities.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

Container = Mapping[str, Any]
Volumes = Mapping[str, str | None]
"""Path on the host by a volume's name; None: an empty folder of the task's own."""


class Need(NamedTuple):
    """One parameter."""

    member: str
    ability: str
    is_asked: Callable[[Container, Volumes], bool]


@dataclass(frozen=True, slots=True)
class Asked:
    """What containers ask of an engine, and of its host."""

    needs: Mapping[str, str]
    """Ability → the member that needs it, the first where several do."""
    privileged: bool = False
    host_paths: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    users: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.needs)

    @property
    def wants_power(self) -> bool:
        """Is something of the host asked for, which an engine's settings give or not?"""
        return bool(self.privileged or self.host_paths or self.devices or self.users)


def _has(*path: str) -> Callable[[Container, Volumes], bool]:
    def is_asked(container: Container, volumes: Volumes) -> bool:
        value: Any = container
        for name in path:
            value = (value or {}).get(name)
        # A swap or a shared memory of 0 is a wish, a list of nothing or False is none.
        return value is not None and value is not False and value != [] and value != ""

    return is_asked


def _mounts(wanted: Callable[[Mapping[str, Any], str | None], bool]) -> Callable[[Container, Volumes], bool]:
    def is_asked(container: Container, volumes: Volumes) -> bool:
        points = container.get("mountPoints") or ()
        return any(wanted(one, volumes.get(one.get("sourceVolume", ""))) for one in points)

    return is_asked


def _needs_gpu(container: Container, volumes: Volumes) -> bool:
    return any(one["type"] == "GPU" for one in container.get("resourceRequirements") or ())


NEEDS: Sequence[Need] = (
    Need("user", "user", _has("user")),
    Need("workingDirectory", "working_directory", _has("workingDirectory")),
    Need("privileged", "privileged", _has("privileged")),
    Need("readonlyRootFilesystem", "read_only_root", _has("readonlyRootFilesystem")),
    Need("ulimits", "ulimits", _has("ulimits")),
    Need(
        "linuxParameters.initProcessEnabled",
        "init",
        _has("linuxParameters", "initProcessEnabled"),
    ),
    Need("linuxParameters.sharedMemorySize", "shared_memory", _has("linuxParameters", "sharedMemorySize")),
    Need("linuxParameters.tmpfs", "tmpfs", _has("linuxParameters", "tmpfs")),
    Need("linuxParameters.devices", "devices", _has("linuxParameters", "devices")),
    Need("linuxParameters.maxSwap", "swap", _has("linuxParameters", "maxSwap")),
    Need("linuxParameters.swappiness", "swap", _has("linuxParameters", "swappiness")),
    Need(
        "mountPoints of a host volume at the same path",
        "host_volumes",
        _mounts(lambda mount, host: host is not None and host == mount.get("containerPath")),
    ),
    Need(
        "mountPoints at another path than the host's",
        "other_paths",
        _mounts(lambda mount, host: host is None or host != mount.get("containerPath")),
    ),
    Need(
        "mountPoints.readOnly", "read_only_volumes", _mounts(lambda mount, host: bool(mount.get("readOnly")))
    ),
    Need("resourceRequirements of the type GPU", "gpus", _needs_gpu),
)


_MEMBERS = tuple({need.member.partition(".")[0].split(" ")[0]: None for need in NEEDS})


def may_ask(container: Container) -> bool:
    """Quick, for the many containers that ask nothing: is any of the members there?"""
    for member in _MEMBERS:
        if container.get(member) and (member != "resourceRequirements" or _needs_gpu(container, {})):
            return True
    return False


def asked_by(containers: Iterable[Container], volumes: Sequence[Mapping[str, Any]]) -> Asked:
    """What these containers of one task ask, with the task's volumes."""
    paths: Volumes = {one.get("name", ""): (one.get("host") or {}).get("sourcePath") for one in volumes}
    needs: dict[str, str] = {}
    host_paths: list[str] = []
    devices: list[str] = []
    users: list[str] = []
    privileged = False
    for container in containers:
        if not may_ask(container):
            continue
        for need in NEEDS:
            if need.ability not in needs and need.is_asked(container, paths):
                needs[need.ability] = need.member
        named = (paths.get(one.get("sourceVolume", "")) for one in container.get("mountPoints") or ())
        host_paths += [path for path in named if path is not None]
        devices += [one["hostPath"] for one in (container.get("linuxParameters") or {}).get("devices") or ()]
        users += [container["user"]] if container.get("user") else []
        privileged = privileged or bool(container.get("privileged"))
    return Asked(needs, privileged, tuple(host_paths), tuple(devices), tuple(users))
