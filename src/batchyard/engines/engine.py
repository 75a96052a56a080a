"""What every engine offers: starting task attempts, watching them, stopping them and reading their output."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

ATTEMPT_NAME = re.compile(r"[A-Za-z0-9_-]{1,128}")

State = Literal["unknown", "queued", "starting", "running", "exited", "lost"]


class EngineError(Exception):
    """The engine itself does not work: its supervisor, daemon or cluster cannot be reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSpec:
    """One attempt to run. Raises ValueError for a name outside [A-Za-z0-9_-]{1,128} or an empty command."""

    attempt: str
    """Unique for ever: an engine starts a name once, whatever happens."""
    account: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    """Everything that the command sees of the environment; an engine adds PATH and HOME where missing."""
    memory_mib: int | None = None
    """The hard limit in MiB; None: no limit."""
    vcpus: float = 0
    """The share of the processors when they are contended; 0: no share set."""
    image: str = ""
    deadline_seconds: int | None = None
    """The engine's own deadline, kept only while no server is connected: a server judges timeouts itself."""

    def __post_init__(self) -> None:
        if not ATTEMPT_NAME.fullmatch(self.attempt):
            raise ValueError(f"not an attempt name: {self.attempt!r}")
        if not self.command:
            raise ValueError(f"attempt {self.attempt} has no command")


@dataclass(frozen=True, slots=True)
class Status:
    """What an engine knows of one attempt. Times are seconds since 1970 by the machine's own clock."""

    attempt: str
    state: State
    """unknown: never started or forgotten; queued: waits in the engine for a slot, and is unknown again if the server
    ends meanwhile; lost: the host ended under it, so its exit code is not known."""
    exit_code: int | None = None
    """As Docker gives it: 128 + n when signal n ended the attempt."""
    reason: str | None = None
    """`OutOfMemoryError: …`, `CannotStartContainerError: …`, `Host terminated…`, or None for a plain exit."""
    started_at: float | None = None
    stopped_at: float | None = None

    @property
    def has_ended(self) -> bool:
        """Whether nothing of the attempt runs any more and its output is complete."""
        return self.state in ("exited", "lost")


@dataclass(frozen=True, slots=True)
class LogChunk:
    """Some lines of an attempt's output, stdout and stderr in the order written."""

    events: list[tuple[int, str]]
    """(milliseconds since 1970, line without its end); empty lines are left out, as CloudWatch Logs wants."""
    next_offset: int
    """Where the next chunk begins; the offset that was asked for when there is nothing new."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """How much an engine can run at once; whoever starts attempts decides what to do with it."""

    slots: int
    vcpus: float
    memory_mib: int
    queue: int = 0
    """How many attempts beside these may wait in the engine, so that a slot that comes free is taken at once."""


class Engine(Protocol):
    """Runs attempts that outlive the server. Every method may be called from any thread."""

    @property
    def name(self) -> str:
        """The key in ENGINES."""

    def capacity(self) -> Capacity:
        """What this engine can run at once."""

    def start(self, specs: Sequence[TaskSpec]) -> list[Status]:
        """Start each attempt that was never started, or queue it; the others answer with their present status.

        A command that cannot be executed is no exception: it is (or soon becomes) `exited` with the reason
        `CannotStartContainerError: …`. Raises EngineError when the engine cannot be reached; then some of
        the attempts may have been started, and calling again with the same specs is safe.
        """

    def poll(self, attempts: Sequence[str]) -> list[Status]:
        """The status of each, in the order asked."""

    def stop(self, attempts: Sequence[str], *, force: bool) -> None:
        """Send SIGTERM (or SIGKILL with `force`) to all processes of each; ended and unknown ones are skipped, and
        queued ones are unknown from then on."""

    def stop_account(self, account: str) -> list[str]:
        """End all attempts of an account by force and forget them; returns their names."""

    def logs(self, attempt: str, offset: int = 0, limit: int = 1000) -> LogChunk:
        """At most `limit` lines from `offset` on (0, or an earlier `next_offset`).

        A last line without its newline comes only when the attempt has ended. Complete once the attempt has
        ended (seen by `poll` before the call) and the chunk is empty with an unchanged offset.
        """

    def forget(self, attempts: Sequence[str]) -> None:
        """Remove what is kept of ended attempts; running ones are skipped. Forgotten names may start again,
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
