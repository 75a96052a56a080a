"""What Docker knows of a container, in the contract's and AWS's words. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from batchyard.engines.contract import ContainerStatus
from batchyard.engines.docker.frames import nanoseconds

OUT_OF_MEMORY = "OutOfMemoryError: Container killed due to memory usage"
UNKNOWN_EXIT = 255
"""What a daemon tells of a container that ended while it was not there; a command may end so, too."""
ENDED_UNSEEN = (
    "Host terminated: the daemon was not there when the container ended, and does not know its exit code"
)
HOST_TERMINATED = (
    "Host terminated: the daemon ended while it started the container, and does not know whether it did"
)
STARTED_IN_VAIN = 128
"""What a daemon gives where not even the command is to blame."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One container as the daemon has it."""

    name: str
    """In its task."""
    identity: str = ""
    """In the daemon."""
    phase: Literal["none", "made", "running", "over"] = "none"
    """none: the daemon has none."""
    exit_code: int | None = None
    reason: str | None = None
    started_at: float | None = None
    stopped_at: float | None = None
    is_lost: bool = False
    """How it ended is not known."""

    @property
    def has_begun(self) -> bool:
        """As the contract has it: also a command that could not be executed."""
        return self.phase in ("running", "over")

    @property
    def status(self) -> ContainerStatus:
        """As the contract tells it."""
        return ContainerStatus(
            name=self.name, exit_code=self.exit_code, reason=self.reason, has_begun=self.has_begun
        )


def seen(name: str, found: Mapping[str, Any] | None) -> Seen:
    """What `inspect` found of a container."""
    if found is None:
        return Seen(name=name)
    state = found["State"]
    started, stopped = (nanoseconds(state[one]) / 1e9 or None for one in ("StartedAt", "FinishedAt"))
    identity, status = found["Id"], state["Status"]
    if status in ("running", "paused", "restarting"):
        return Seen(name=name, identity=identity, phase="running", started_at=started)
    if started is None and not state.get("Error"):
        return Seen(name=name, identity=identity, phase="made")
    if started is None:
        return _not_started(name, identity, state)
    exit_code, reason = state["ExitCode"], None
    if state.get("OOMKilled"):
        exit_code, reason = exit_code or 137, OUT_OF_MEMORY
    return Seen(
        name=name,
        identity=identity,
        phase="over",
        exit_code=exit_code,
        reason=reason,
        started_at=started,
        stopped_at=max(stopped or started, started),
    )


def _not_started(name: str, identity: str, state: Mapping[str, Any]) -> Seen:
    """A container that the daemon tried to start in vain: it keeps why."""
    code = state["ExitCode"] or STARTED_IN_VAIN
    return Seen(
        name=name, identity=identity, phase="over", exit_code=code, reason=cannot_start(state["Error"])
    )


def cannot_start(text: str) -> str:
    """As ECS tells of a container that was made and did not start (recorded in many public threads)."""
    return f"CannotStartContainerError: Error response from daemon: {text}"


def cannot_create(text: str) -> str:
    """As ECS tells of a container that was not even made (ECS developer guide, "Stopped task error codes")."""
    return f"CannotCreateContainerError: Error response from daemon: {text}"


def cannot_pull(text: str) -> str:
    """As ECS tells of an image that was not got (ECS developer guide, "CannotPullContainer task errors")."""
    return f"CannotPullContainerError: Error response from daemon: {text}"
