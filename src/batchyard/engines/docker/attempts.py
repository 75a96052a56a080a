"""One attempt as the engine knows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from batchyard.engines.contract import ContainerStatus, State, Status, TaskSpec
from batchyard.engines.docker.plans import Plan, Stop
from batchyard.engines.docker.statuses import Seen


@dataclass(slots=True)
class Attempt:
    """What is kept in memory of one attempt that holds a place on the host, or did."""

    name: str
    plan: Plan
    spec: TaskSpec | None = None
    """None: an earlier server made its containers."""
    seen: dict[str, Seen] = field(default_factory=dict)
    gpus: tuple[str, ...] = ()
    reason: str | None = None
    """Why it does not begin yet."""
    stop: Stop | None = None
    terminated: dict[str, float] = field(default_factory=dict)
    """When each container was sent SIGTERM."""
    end: Status | None = None
    is_unwanted: bool = False
    """It is to be forgotten as soon as it has ended."""

    def __post_init__(self) -> None:
        for part in self.plan.parts:
            self.seen.setdefault(part.name, Seen(name=part.name))

    @property
    def has_begun(self) -> bool:
        """Has any of its containers run, or could not?"""
        return any(one.has_begun for one in self.seen.values())

    @property
    def status(self) -> Status:
        """As the contract tells it."""
        if self.end is not None:
            return self.end
        began = min((one.started_at for one in self.seen.values() if one.started_at), default=None)
        return Status(
            self.name,
            "running" if began is not None else "starting",
            self._containers(),
            reason=self.reason,
            started_at=began,
        )

    def finish(self, *, now: float) -> None:
        """All that will run of it has run."""
        began = min((one.started_at for one in self.seen.values() if one.started_at), default=None)
        ended = max((one.stopped_at for one in self.seen.values() if one.stopped_at), default=now)
        state: State = "lost" if any(one.is_lost for one in self.seen.values()) else "exited"
        self.end = Status(self.name, state, self._containers(), started_at=began, stopped_at=ended)

    def fail(self, reason: str, *, container: str, now: float, is_lost: bool = False) -> None:
        """One of its containers will never be, or nobody knows what it did: none of it runs."""
        told = tuple(
            ContainerStatus(name=part.name, reason=reason)
            if part.name == container
            else ContainerStatus(name=part.name, has_begun=False)
            for part in self.plan.parts
        )
        self.end = Status(self.name, "lost" if is_lost else "exited", told, stopped_at=now)

    def _containers(self) -> tuple[ContainerStatus, ...]:
        return tuple(self.seen[part.name].status for part in self.plan.parts)


def end_of(attempt: str, record: Mapping[str, Any]) -> Status:
    """An end as it was noted."""
    containers = tuple(ContainerStatus(**one) for one in record["containers"])
    return Status(attempt, record["state"], containers, stopped_at=record["stopped_at"])


def record_of(end: Status, plan: Plan) -> dict[str, Any]:
    """An end as it is noted, where no container tells of it."""
    return {
        "plan": plan.text,
        "state": end.state,
        "containers": [
            {name: getattr(one, name) for name in ContainerStatus.__dataclass_fields__}
            for one in end.containers
        ],
        "stopped_at": end.stopped_at,
    }
