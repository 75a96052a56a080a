"""What a task's containers do next: a function of what was planned and what is seen. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from batchyard.engines.contract import TaskSpec
from batchyard.engines.docker.statuses import Seen

Stop = Literal["term", "kill"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One container of a plan."""

    name: str
    essential: bool
    depends_on: tuple[tuple[str, str], ...] = ()
    """(container, condition)."""
    start_timeout: float | None = None
    stop_timeout: float = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What must be known of a task to go on with it: neither commands nor environment."""

    account: str
    vcpus: float
    memory_mib: int
    gpus: int
    gang: str | None
    volumes: tuple[str, ...]
    """Those that end with the task."""
    parts: tuple[Part, ...]

    @classmethod
    def of(cls, spec: TaskSpec) -> Plan:
        """The plan of a task that is to start."""
        return cls(
            account=spec.account,
            vcpus=spec.vcpus,
            memory_mib=spec.memory_mib,
            gpus=spec.gpus,
            gang=spec.group.name if spec.group is not None and spec.group.kind == "gang" else None,
            volumes=tuple(one.name for one in spec.volumes if one.host_path is None),
            parts=tuple(
                Part(
                    name=one.name,
                    essential=one.essential,
                    depends_on=tuple((on.container, on.condition) for on in one.depends_on),
                    start_timeout=one.start_timeout_seconds,
                    stop_timeout=one.stop_timeout_seconds,
                )
                for one in spec.containers
            ),
        )

    @classmethod
    def read(cls, text: str) -> Plan:
        """From the label that `text` wrote."""
        known: dict[str, Any] = json.loads(text)
        parts = [
            Part(**{**one, "depends_on": tuple((on, how) for on, how in one["depends_on"])})
            for one in known.pop("parts")
        ]
        return cls(**known | {"volumes": tuple(known["volumes"]), "parts": tuple(parts)})

    @property
    def text(self) -> str:
        """As a label keeps it."""
        parts = [
            {name: getattr(one, name) for name in Part.__dataclass_fields__ if name != "depends_on"}
            | {"depends_on": [list(on) for on in one.depends_on]}
            for one in self.parts
        ]
        takes = {
            name: getattr(self, name)
            for name in ("account", "vcpus", "memory_mib", "gpus", "gang", "volumes")
        }
        return json.dumps({**takes, "parts": parts}, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Steps:
    """What is to be done now."""

    start: list[str] = field(default_factory=list)
    terminate: list[str] = field(default_factory=list)
    kill: list[str] = field(default_factory=list)
    look_after: float | None = None
    """Seconds until time alone changes something."""
    is_over: bool = False


def next_steps(
    plan: Plan,
    containers: Mapping[str, Seen],
    *,
    stop: Stop | None,
    terminated: Mapping[str, float],
    now: float,
) -> Steps:
    """What a task's containers need.

    `terminated`: when each was sent SIGTERM; `now`: seconds of the same clock as the containers' times. A container
    begins when those it depends on came far enough. When what is essential has ended, or will never begin, the others
    are stopped, each after those that depend on it, with SIGKILL after its own time.
    """
    never, due = _never(plan, containers, now)
    ended = {one.name for one in plan.parts if containers[one.name].phase == "over"} | never
    ending = stop is not None or any(one.essential and one.name in ended for one in plan.parts)
    running = [one for one in plan.parts if containers[one.name].phase == "running"]
    if not ending:
        start = [one.name for one in plan.parts if _may_begin(one, containers, never)]
        waits = len(ended) < len(plan.parts)
        return Steps(start=start, look_after=due, is_over=not waits)
    if stop == "kill":
        return Steps(kill=[one.name for one in running], is_over=not running)
    terminate, kill, waits_for = _stopping(plan, running, terminated, now, asked=stop is not None)
    return Steps(terminate=terminate, kill=kill, look_after=waits_for, is_over=not running)


def _may_begin(part: Part, containers: Mapping[str, Seen], never: set[str]) -> bool:
    if part.name in never or containers[part.name].phase not in ("made", "none"):
        return False
    return all(_has_come(containers[on], how) for on, how in part.depends_on)


def _has_come(one: Seen, condition: str) -> bool:
    """Did it come so far? What could not be executed never began for those that wait for it."""
    if one.started_at is None or condition == "HEALTHY":
        return False
    return condition == "START" or (one.phase == "over" and (condition == "COMPLETE" or one.exit_code == 0))


def _never(plan: Plan, containers: Mapping[str, Seen], now: float) -> tuple[set[str], float | None]:
    """(those that will not begin any more, seconds until that may be true of another)."""
    never: set[str] = set()
    due: list[float] = []
    parts = {one.name: one for one in plan.parts}
    for _ in plan.parts:
        for part in plan.parts:
            if containers[part.name].phase not in ("made", "none"):
                continue
            for on, how in part.depends_on:
                left = _left(containers[on], how, parts[on], now)
                if on in never or left == 0:
                    never.add(part.name)
                elif left is not None:
                    due.append(left)
    return never, min(due, default=None)


def _left(one: Seen, condition: str, part: Part, now: float) -> float | None:
    """Seconds in which a container may still come so far; None: as long as it takes."""
    if _has_come(one, condition):
        return None
    if one.phase == "over" or condition == "HEALTHY":
        return 0
    if part.start_timeout is None or one.started_at is None or condition == "START":
        return None
    return max(0.0, one.started_at + part.start_timeout - now)


def _stopping(
    plan: Plan, running: list[Part], terminated: Mapping[str, float], now: float, *, asked: bool
) -> tuple[list[str], list[str], float | None]:
    """(SIGTERM now, SIGKILL now, seconds until the next). Who asked for the stop judges its time himself."""
    awaited = {on for one in running for on, _ in one.depends_on}
    terminate = [one.name for one in running if one.name not in terminated and one.name not in awaited]
    left = {
        one.name: terminated[one.name] + one.stop_timeout - now for one in running if one.name in terminated
    }
    if asked:
        return terminate, [], None
    kill = [name for name, seconds in left.items() if seconds <= 0]
    later = [seconds for seconds in left.values() if seconds > 0]
    later += [one.stop_timeout for one in running if one.name in terminate]
    return terminate, kill, min(later, default=None)
