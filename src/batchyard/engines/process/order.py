"""Which containers of a task begin next, and which are to be stopped: pure, from what each says and how far it is."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

WAITING, RUNNING, ENDED, NEVER = "waiting", "running", "ended", "never"
"""NEVER: it does not begin any more."""


class Part(Protocol):
    """One container, as far as its turn depends on it."""

    name: str
    state: str
    exit_code: int | None
    failed_to_start: bool
    started_late: bool
    """Its start timeout is over, and those that wait for more than its start give up."""

    @property
    def depends_on(self) -> Mapping[str, str]:
        """ECS's ContainerCondition by the name of the other container."""


def can_come(part: Part, others: Mapping[str, Any]) -> bool | None:
    """Whether it may begin now; None: not yet; False: never."""
    answers = [_is_met(others[name], condition) for name, condition in part.depends_on.items()]
    if False in answers:
        return False
    return None if None in answers else True


def why_never(part: Part, others: Mapping[str, Any]) -> str | None:
    """Why a container does not begin, in the words of ECS's agent as its sources have them [guess]."""
    for name, condition in part.depends_on.items():
        if _is_met(others[name], condition) is False:
            how = "has timed out" if others[name].started_late else "did not exit successfully"
            return f"dependency graph: container ordering dependency [{name}] for target [{part.name}] {how}."
    return None


def _is_met(other: Any, condition: str) -> bool | None:
    if other.state == NEVER or other.failed_to_start:
        return False
    if condition == "START":
        return True if other.state in (RUNNING, ENDED) else None
    if other.state == ENDED:
        return condition == "COMPLETE" or (condition == "SUCCESS" and other.exit_code == 0)
    return False if other.started_late else None


def to_stop(parts: Iterable[Any]) -> list[Any]:
    """Of the containers of a task that is to end, those that run and that no running one depends on any more."""
    running = [one for one in parts if one.state == RUNNING]
    needed = {name for one in running for name in one.depends_on}
    return [one for one in running if one.name not in needed]
