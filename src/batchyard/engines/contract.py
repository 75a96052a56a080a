"""What every engine offers: starting task attempts, watching them, stopping them and reading their output.

A task is one or more containers that start and end together, as in Amazon ECS; the words here are ECS's.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from batchyard.engines.abilities import Abilities

ATTEMPT_NAME = re.compile(r"[A-Za-z0-9_-]{1,128}")
CONTAINER_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")

State = Literal["unknown", "queued", "starting", "running", "exited", "lost"]
GroupKind = Literal["array", "gang"]

START = ""
"""The cursor of output that nobody has read yet."""


class EngineError(Exception):
    """The engine itself does not work: its supervisor, daemon or cluster cannot be reached."""


class EngineAway(EngineError):
    """What runs the engine's containers is another's to start, and does not answer now: its tasks wait for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """What containers of a task may mount, by name. Without `host_path`: an empty folder that ends with the task."""

    name: str
    host_path: str | None = None
    account_folder: str | None = None
    """The account's own folder that `host_path` lies in: made for the account's jobs where it is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """A volume at a path of one container."""

    volume: str
    path: str
    read_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tmpfs:
    """A file system in memory at a path of one container."""

    path: str
    size_mib: int
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A device of the host in one container; `permissions` of "read", "write", "mknod"."""

    host_path: str
    path: str
    permissions: tuple[str, ...] = ("read", "write", "mknod")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ulimit:
    """One of the kernel's limits of a process, by its name without RLIMIT_, in small letters."""

    name: str
    soft: int
    hard: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much of the host one container takes."""

    memory_mib: int | None = None
    """The hard limit in MiB; None: no limit."""
    reserved_mib: int = 0
    """What is kept free for it, in MiB; a container with a hard limit and none of these takes that."""
    vcpus: float = 0
    """The share of the processors when they are contended; 0: no share set."""
    gpus: int = 0
    shared_memory_mib: int | None = None
    swap_mib: int | None = None
    """Beyond the memory; 0: none."""
    swappiness: int | None = None
    ulimits: tuple[Ulimit, ...] = ()

    @property
    def taken_mib(self) -> int:
        """What a host must have free for it."""
        return self.reserved_mib or self.memory_mib or 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependency:
    """Another container of the task that comes first, and how far it must be (ECS's ContainerCondition).

    Where it can never come so far (it ended otherwise, or could not start), the container does not begin; if that one
    is essential, the task ends. When a task is stopped, a container gets SIGTERM only after those that depend on it
    have ended. HEALTHY needs a health check, which no container has: ECS refuses both.
    """

    container: str
    condition: Literal["START", "COMPLETE", "SUCCESS", "HEALTHY"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerSpec:
    """One container of a task."""

    name: str
    image: str
    entry_point: tuple[str, ...] | None = None
    """None: the image's own."""
    command: tuple[str, ...] | None = None
    """None: the image's own, where `entry_point` is the image's own, too."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Everything that the command sees of the environment; an engine adds PATH and HOME where missing."""
    working_directory: str | None = None
    user: str | None = None
    limits: Limits = Limits()
    mounts: tuple[Mount, ...] = ()
    tmpfs: tuple[Tmpfs, ...] = ()
    devices: tuple[Device, ...] = ()
    privileged: bool = False
    read_only_root: bool = False
    init: bool = False
    """Whether a first process reaps what others leave."""
    essential: bool = True
    """Whether the task ends with it: its end has the engine stop the others, which then end as they do."""
    depends_on: tuple[Dependency, ...] = ()
    start_timeout_seconds: float | None = None
    """How long others wait for it to be COMPLETE, SUCCESS or HEALTHY, since it began; then they do not begin."""
    stop_timeout_seconds: float = 30
    """Between SIGTERM and SIGKILL, for an engine that stops an essential container's neighbours by itself."""

    @property
    def arguments(self) -> tuple[str, ...]:
        """Entry point and command, as they are executed; empty where the image says it."""
        return (*(self.entry_point or ()), *(self.command or ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Tasks that are one thing to an engine with the ability: an array's children, or a gang's nodes.

    Of the children of an array only the attempt, the index and variables of the environment differ; a gang's nodes may
    be of several kinds. A gang starts whole or not at all: none before the engine was told of all and has room for all.
    """

    kind: GroupKind
    name: str
    """Unique among the account's groups."""
    index: int
    size: int
    addresses: Mapping[str, int] = field(default_factory=dict)
    """Variables of the environment that the engine sets: each to the address at which the others reach the gang's
    member with this index."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSpec:
    """One attempt to run.

    Raises ValueError for a name outside [A-Za-z0-9_-]{1,128}, without a container, for one container name twice or
    outside [A-Za-z0-9_-]{1,255}, and for a mount of a volume that is not among the task's.
    """

    attempt: str
    """Unique for ever: an engine starts a name once, whatever happens."""
    account: str
    containers: tuple[ContainerSpec, ...]
    """In the order in which they start, where `depends_on` says nothing else."""
    volumes: tuple[Volume, ...] = ()
    network: str = "host"
    """ECS's network mode."""
    pid_mode: str | None = None
    """"host" or "task", as in ECS; None: each container has its own processes."""
    ipc_mode: str | None = None
    """"host", "task" or "none", as in ECS; None: as the engine has it."""
    ephemeral_storage_gib: int | None = None
    """How much disk the task has for itself; None: as the engine has it."""
    group: Group | None = None
    deadline_seconds: int | None = None
    """The engine's own deadline, kept only while no server is connected: a server judges timeouts itself."""

    def __post_init__(self) -> None:
        if not ATTEMPT_NAME.fullmatch(self.attempt):
            raise ValueError(f"not an attempt name: {self.attempt!r}")
        if not self.containers:
            raise ValueError(f"attempt {self.attempt} has no container")
        names = [one.name for one in self.containers]
        if len(set(names)) < len(names) or not all(map(CONTAINER_NAME.fullmatch, names)):
            raise ValueError(f"not container names: {names!r}")
        volumes = {one.name for one in self.volumes}
        if any(mount.volume not in volumes for one in self.containers for mount in one.mounts):
            raise ValueError(f"attempt {self.attempt} mounts what is no volume of it")

    @property
    def vcpus(self) -> float:
        """What all containers take together."""
        return sum(one.limits.vcpus for one in self.containers)

    @property
    def memory_mib(self) -> int:
        """What all containers take together, in MiB."""
        return sum(one.limits.taken_mib for one in self.containers)

    @property
    def gpus(self) -> int:
        """What all containers take together."""
        return sum(one.limits.gpus for one in self.containers)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerStatus:
    """What an engine knows of one container."""

    name: str
    exit_code: int | None = None
    """As Docker gives it: 128 + n when signal n ended it. None: it runs, never ran, or was lost."""
    reason: str | None = None
    """`OutOfMemoryError: …`, `CannotStartContainerError: …`, `Host terminated…`, or None for a plain exit."""
    has_begun: bool = True
    """False: it waits for another, or never began, as the task ended before or what it waited for did not come.
    A container whose command could not be executed has begun, and ended with a reason."""


@dataclass(frozen=True, slots=True)
class Status:
    """What an engine knows of one attempt. Times are seconds since 1970."""

    attempt: str
    state: State
    """unknown: never started or forgotten; queued: waits in the engine for room, and is unknown again if the server
    ends meanwhile; lost: the host ended under it, so no exit code is known."""
    containers: tuple[ContainerStatus, ...] = ()
    """In the order of the spec; empty while the engine knows nothing of them (unknown, queued)."""
    reason: str | None = None
    """Why a queued attempt waits, or does not start though it should, in the engine's words (an image is pulled, the
    cluster takes no more); None: it waits for its turn."""
    started_at: float | None = None
    stopped_at: float | None = None
    clock: Literal["host", "engine"] = "host"
    """Whose clock the times are of: this machine's, or the engine's own that may differ from it."""

    @property
    def has_ended(self) -> bool:
        """Whether nothing of the attempt runs any more and its output is complete."""
        return self.state in ("exited", "lost")


@dataclass(frozen=True, slots=True)
class LogChunk:
    """Some lines of a container's output, stdout and stderr in the order written."""

    events: list[tuple[int, str]]
    """(milliseconds since 1970, line without its end); empty lines are left out, as CloudWatch Logs wants."""
    cursor: str
    """Where the next chunk begins: text that only the engine understands. The cursor that was given, when there is
    nothing new."""
    clock: Literal["host", "engine"] = "host"
    """Whose clock the events' times are of, as in Status."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """How much an engine can run at once; whoever starts attempts decides what to do with it."""

    slots: int
    vcpus: float
    memory_mib: int
    gpus: int = 0
    queue: int = 0
    """How many attempts beside these may wait in the engine, so that room that comes free is taken at once."""

    @property
    def window(self) -> int:
        """How many attempts the engine is told of at once."""
        return self.slots + self.queue


class Engine(Protocol):
    """Runs attempts that outlive the server. Every method may be called from any thread."""

    @property
    def name(self) -> str:
        """Its name among the settings' engines; its kind's, where the settings name none."""

    @property
    def abilities(self) -> Abilities:
        """What it makes true of a task, on this machine and with its settings; never changes while it is open."""

    def capacity(self) -> Capacity:
        """What this engine can run at once."""

    def start(self, specs: Sequence[TaskSpec]) -> list[Status]:
        """Start each attempt that was never started, or queue it; the others answer with their present status.

        A member of a gang is queued until the engine was told of the gang's other members, in this call or in others.

        A command that cannot be executed is no exception: it is (or soon becomes) `exited` with the reason
        `CannotStartContainerError: …`. Raises EngineError when the engine cannot be reached; then some of
        the attempts may have been started, and calling again with the same specs is safe. The caller has compared
        what the specs ask for with `abilities`.
        """

    def poll(self, attempts: Sequence[str]) -> list[Status]:
        """The status of each, in the order asked."""

    def stop(self, attempts: Sequence[str], *, force: bool) -> None:
        """Send SIGTERM (or SIGKILL with `force`) to all processes of each; ended and unknown attempts are skipped, and
        queued attempts are unknown from then on."""

    def stop_account(self, account: str) -> list[str]:
        """End all attempts of an account by force and forget them; returns their names."""

    def logs(self, attempt: str, container: str, cursor: str = START, limit: int = 1000) -> LogChunk:
        """At most `limit` lines of a container from `cursor` on (START, or an earlier chunk's).

        A last line without its newline comes only when the attempt has ended. Complete once the attempt has
        ended (seen by `poll` before the call) and the chunk is empty with an unchanged cursor.
        """

    def forget(self, attempts: Sequence[str]) -> None:
        """Remove what is kept of ended attempts; running attempts are skipped. Forgotten names may start again,
        so forget only what can never be asked for again."""

    def recover(self) -> list[Status]:
        """Every attempt that this engine keeps, also those that an earlier server started."""

    def subscribe(self, callback: Callable[[Sequence[str]], None]) -> None:
        """Have `callback` called, from a thread of the engine, with the names of attempts that ended,
        or that left the queue."""

    def describe(self) -> dict[str, Any]:
        """What works on this machine and what is ignored, for `batchyard doctor`."""

    def close(self, *, end_attempts: bool) -> None:
        """Let go; attempts go on running unless `end_attempts`, which returns when all have ended."""
