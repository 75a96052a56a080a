"""What an environment asked for and does not have in its cluster yet."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Coming:
    """One instance that is wanted; it has an id once EC2 has launched it."""

    instance_type: str
    instance_id: str | None = None


def coming_of(instance_type: str, wanted: int, launched: list[str], registered: set[str]) -> list[Coming]:
    """Those of one type that are not registered: those launched by their ids, and how many more are wanted."""
    outside = [one for one in launched if one not in registered]
    missing = max(0, wanted - len(launched))
    return [Coming(instance_type, one) for one in outside] + [Coming(instance_type)] * missing
