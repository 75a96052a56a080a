"""One attempt and its containers, as a supervisor keeps them."""

from collections.abc import Mapping
from typing import Any

from batchyard.engines.process.attempts_directory import Record
from batchyard.engines.process.capture import Capture
from batchyard.engines.process.cgroups import Group
from batchyard.engines.process.order import ENDED, NEVER, WAITING

ONLY = ""
"""Where the files of a task's only container lie: in the attempt's own directory."""


class Container:
    """One container and what holds its processes."""

    __slots__ = (
        "capture",
        "exit_code",
        "failed_to_start",
        "group",
        "inside",
        "is_waited_for",
        "killed_since",
        "name",
        "pid",
        "reason",
        "spec",
        "started_late",
        "starts_late_at",
        "state",
        "stop_at",
    )

    def __init__(
        self, name: str, *, group: Group, inside: str = ONLY, spec: Mapping[str, Any] | None = None
    ) -> None:
        """`inside`: its files' place in the attempt's directory; `spec`: in the server's words, unknown of what another
        supervisor started."""
        self.name = name
        self.group = group
        self.inside = inside
        self.spec: Mapping[str, Any] = spec or {}
        self.state = WAITING
        self.exit_code: int | None = None
        self.reason: str | None = None
        self.failed_to_start = False
        self.capture: Capture | None = None
        """What takes its output, if it was launched by this supervisor."""
        self.pid: int | None = None
        self.is_waited_for = False
        """Does another one wait for more than its start?"""
        self.starts_late_at: float | None = None
        self.started_late = False
        """Those that wait for it give up."""
        self.stop_at: float | None = None
        """When it is killed: SIGTERM was sent."""
        self.killed_since: float | None = None

    @property
    def depends_on(self) -> Mapping[str, str]:
        found: Mapping[str, str] = self.spec.get("depends_on", {})
        return found

    @property
    def is_essential(self) -> bool:
        return bool(self.spec.get("essential", True))

    def begin(self, *, now: float, is_waited_for: bool) -> None:
        """It begins: its start timeout counts from here."""
        seconds = self.spec.get("start_timeout_seconds")
        self.is_waited_for = is_waited_for
        self.starts_late_at = None if seconds is None else now + seconds

    @property
    def told(self) -> Record:
        """What is told of it; how it ended only once nothing of it runs."""
        is_over = self.state == ENDED
        return {
            "name": self.name,
            "exit_code": self.exit_code if is_over else None,
            "reason": self.reason if is_over or self.state == NEVER else None,
            "has_begun": self.state not in (WAITING, NEVER),
        }


class Attempt:
    """One attempt."""

    __slots__ = (
        "account",
        "base",
        "containers",
        "deadline_at",
        "deadline_seconds",
        "end",
        "is_lost",
        "is_stopping",
        "name",
        "place",
        "reason",
        "spec",
        "started_at",
        "stopped_at",
        "takes",
        "user",
    )

    def __init__(
        self,
        name: str,
        *,
        account: str,
        containers: list[Container],
        takes: Record,
        started_at: float | None,
        end: Record | None = None,
    ) -> None:
        self.name = name
        self.account = account
        self.containers = containers
        self.takes = takes
        """What it was given of the machine, in the server's words."""
        self.started_at = started_at
        self.end = end
        """The status that it ended with."""
        self.place: str | None = None
        """Where its working directory lies, if not in its own."""
        self.user: int | None = None
        self.base: str | None = None
        """Where the files of its user lie."""
        self.spec: Record = {}
        """In the server's words; unknown of what another supervisor started."""
        self.deadline_seconds: float | None = None
        self.stopped_at: float | None = None
        """When the last container that has ended so far did."""
        self.is_lost = False
        self.is_stopping = False
        """No container begins any more, and those that run are stopped."""
        self.deadline_at: float | None = None
        self.reason: str | None = None

    @property
    def has_ended(self) -> bool:
        return self.end is not None

    @property
    def is_over(self) -> bool:
        """Has each container ended, or will it never begin?"""
        return all(one.state in (ENDED, NEVER) for one in self.containers)

    def waits_for(self, container: Container) -> bool:
        """Does another one wait for more than this one's start?"""
        return any(one.depends_on.get(container.name, "START") != "START" for one in self.containers)

    @property
    def by_name(self) -> dict[str, Container]:
        return {one.name: one for one in self.containers}

    @property
    def status(self) -> Record:
        """What is told of it."""
        if self.end is not None:
            return self.end
        return {
            "attempt": self.name,
            "state": "running",
            "containers": [one.told for one in self.containers],
            "started_at": self.started_at,
            "stopped_at": None,
        }


def unknown(name: str) -> Record:
    """What is told of an attempt that nobody knows."""
    return {"attempt": name, "state": "unknown", "containers": [], "started_at": None, "stopped_at": None}


def end_of(record: Record) -> Record:
    """A kept end as it is told; what was written before tasks had several containers, too."""
    if "containers" in record:
        return record
    only = {
        "name": record.get("container") or "",
        "exit_code": record["exit_code"],
        "reason": record["reason"],
    }
    kept = {name: record[name] for name in ("attempt", "state", "started_at", "stopped_at")}
    return {**kept, "containers": [{**only, "has_begun": True}]}
