"""What a container asks of its engine beyond running a command: each parameter with the ability that it needs.

Batch's containerProperties and ECS's containerDefinitions have these members alike. The table is what refusals, the
scheduler and docs/coverage.md read; the abilities are those of engines/abilities.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

Container = Mapping[str, Any]
Task = Mapping[str, Any]
"""What is said of all containers together, in the members of Batch's EcsTaskProperties and ECS's task definitions."""
Volumes = Mapping[str, str | None]
"""Path on the host by a volume's name; None: an empty folder of the task's own, or a folder of a file system."""


class Need(NamedTuple):
    """One parameter of a container."""

    member: str
    ability: str
    is_asked: Callable[[Container, Volumes], bool]


class TaskNeed(NamedTuple):
    """One parameter of all containers together."""

    member: str
    ability: str
    is_asked: Callable[[Task], bool]


class FileSystem(NamedTuple):
    """A file system that a volume names; the settings say which folder of the host it is."""

    identity: str
    access_point: str | None
    root: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What containers ask of an engine, and of its host."""

    needs: Mapping[str, str]
    """Ability → the member that needs it, the first where several do."""
    privileged: bool = False
    host_paths: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    file_systems: tuple[FileSystem, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.needs)

    @classmethod
    def kept(cls, members: Mapping[str, Any]) -> Asked:
        """The same again from its `members`."""
        file_systems = tuple(FileSystem(*one) for one in members["file_systems"])
        lists = {name: tuple(members[name]) for name in ("host_paths", "devices", "users")}
        return cls(members["needs"], members["privileged"], **lists, file_systems=file_systems)

    @property
    def members(self) -> dict[str, Any]:
        """As a row keeps it."""
        return {**asdict(self), "file_systems": [list(one) for one in self.file_systems]}

    @property
    def power(self) -> str:
        """In words, what of the host is asked for, which settings give or not; empty: nothing is."""
        parts = ["privileged"] if self.privileged else []
        parts += [*self.host_paths, *self.devices, *(f"the user {one}" for one in self.users)]
        parts += [one.access_point or one.identity for one in self.file_systems]
        return ", ".join(dict.fromkeys(parts))


def file_system_of(volume: Mapping[str, Any]) -> FileSystem | None:
    """The file system of a volume of EFS or S3 Files; of the latter the ids are the ends of its ARNs."""
    given = volume.get("efsVolumeConfiguration")
    if given:
        access_point = (given.get("authorizationConfig") or {}).get("accessPointId")
        return FileSystem(given["fileSystemId"], access_point or None, given.get("rootDirectory") or "/")
    given = volume.get("s3filesVolumeConfiguration")
    if given:
        access_point = (given.get("accessPointArn") or "").rsplit("/", 1)[-1]
        identity = given["fileSystemArn"].rsplit("/", 1)[-1]
        return FileSystem(identity, access_point or None, given.get("rootDirectory") or "/")
    return None


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


def _needs_images_command(container: Container, volumes: Volumes) -> bool:
    return not container.get("command") and not container.get("entryPoint")


def _logs_elsewhere(container: Container, volumes: Volumes) -> bool:
    return bool((container.get("logConfiguration") or {}).get("logDriver", "awslogs") != "awslogs")


def _is_for(member: str, *values: str) -> Callable[[Task], bool]:
    return lambda task: str((task.get("runtimePlatform") or {}).get(member) or "").startswith(values)


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
    Need("command, left to the image", "own_entry_point", _needs_images_command),
    Need("secrets", "secrets", _has("secrets")),
    Need("logConfiguration.secretOptions", "secrets", _has("logConfiguration", "secretOptions")),
    Need("repositoryCredentials", "registry_credentials", _has("repositoryCredentials")),
    Need("logConfiguration.logDriver other than awslogs", "log_drivers", _logs_elsewhere),
    Need("firelensConfiguration", "log_drivers", _has("firelensConfiguration")),
)

TASK_NEEDS: Sequence[TaskNeed] = (
    TaskNeed("ephemeralStorage", "ephemeral_storage", lambda task: bool(task.get("ephemeralStorage"))),
    TaskNeed("enableExecuteCommand", "execute_command", lambda task: bool(task.get("enableExecuteCommand"))),
    TaskNeed("pidMode", "namespaces", lambda task: bool(task.get("pidMode"))),
    TaskNeed("ipcMode", "namespaces", lambda task: bool(task.get("ipcMode"))),
    TaskNeed("runtimePlatform.cpuArchitecture of ARM64", "arm64", _is_for("cpuArchitecture", "ARM64")),
    TaskNeed(
        "runtimePlatform.operatingSystemFamily of Windows",
        "windows",
        _is_for("operatingSystemFamily", "WINDOWS"),
    ),
)
SEVERAL = "several containers"
"""How the need of more than one container is told."""
TABLE: Sequence[tuple[str, str]] = (
    (SEVERAL, "several_containers"),
    *((need.member, need.ability) for need in NEEDS),
    *((need.member, need.ability) for need in TASK_NEEDS),
)
"""Every parameter with the ability that it needs, for docs and tests."""

_MEMBERS = tuple(
    {need.member.partition(".")[0].split(" ")[0].rstrip(","): None for need in NEEDS}.keys()
    - {"command", "resourceRequirements", "logConfiguration"}
)


def may_ask(container: Container) -> bool:
    """Quick, for the many containers that ask nothing: is any of the members there?"""
    return (
        any(container.get(member) for member in _MEMBERS)
        or _needs_gpu(container, {})
        or _needs_images_command(container, {})
        or _logs_elsewhere(container, {})
        or bool((container.get("logConfiguration") or {}).get("secretOptions"))
    )


def asked_by(
    containers: Sequence[Container], volumes: Sequence[Mapping[str, Any]], task: Task | None = None
) -> Asked:
    """What these containers of one task ask, with the task's volumes and what is said of them together."""
    paths: Volumes = {one.get("name", ""): (one.get("host") or {}).get("sourcePath") for one in volumes}
    needs: dict[str, str] = {"several_containers": SEVERAL} if len(containers) > 1 else {}
    for one in TASK_NEEDS if task else ():
        if task is not None and one.ability not in needs and one.is_asked(task):
            needs[one.ability] = one.member
    asking = [container for container in containers if may_ask(container)]
    for container in asking:
        for need in NEEDS:
            if need.ability not in needs and need.is_asked(container, paths):
                needs[need.ability] = need.member
    mounted = {point.get("sourceVolume", "") for one in asking for point in one.get("mountPoints") or ()}
    sources = [one for one in volumes if one.get("name", "") in mounted]
    linux = [one.get("linuxParameters") or {} for one in asking]
    return Asked(
        needs,
        privileged=any(one.get("privileged") for one in asking),
        host_paths=tuple(path for one in sources if (path := paths[one.get("name", "")]) is not None),
        devices=tuple(device["hostPath"] for one in linux for device in one.get("devices") or ()),
        users=tuple(one["user"] for one in asking if one.get("user")),
        file_systems=tuple(found for one in sources if (found := file_system_of(one)) is not None),
    )


def together(several: Sequence[Asked]) -> Asked | None:
    """What several tasks ask between them; None where they ask nothing."""
    if not several:
        return None
    needs: dict[str, str] = {}
    for one in several:
        needs = {**one.needs, **needs}
    return Asked(
        needs,
        privileged=any(one.privileged for one in several),
        host_paths=tuple(path for one in several for path in one.host_paths),
        devices=tuple(device for one in several for device in one.devices),
        users=tuple(user for one in several for user in one.users),
        file_systems=tuple(system for one in several for system in one.file_systems),
    )
