"""Which instance goes when a group shrinks: AWS's termination policies, as a pure choice."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

HOUR_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Candidate:
    """An instance in service that is not protected from scale-in."""

    instance_id: str
    zone: str
    launched_at: datetime
    template_version: int
    """The launch template's version; a smaller number is older. 0 where it is not known."""


Narrow = Callable[[Sequence[Candidate], datetime], Sequence[Candidate]]


def _smallest(of: Callable[[Candidate, datetime], Any]) -> Narrow:
    def narrow(candidates: Sequence[Candidate], now: datetime) -> Sequence[Candidate]:
        least = min(of(one, now) for one in candidates)
        return [one for one in candidates if of(one, now) == least]

    return narrow


def _until_next_hour(candidate: Candidate, now: datetime) -> float:
    return HOUR_SECONDS - (now - candidate.launched_at).total_seconds() % HOUR_SECONDS


def _all(candidates: Sequence[Candidate], now: datetime) -> Sequence[Candidate]:
    return candidates


_OLDEST_TEMPLATE = _smallest(lambda one, now: one.template_version)
_NEXT_HOUR = _smallest(_until_next_hour)

POLICIES: Mapping[str, tuple[Narrow, ...]] = {
    "AllocationStrategy": (_all,),
    "ClosestToNextInstanceHour": (_NEXT_HOUR,),
    "Default": (_OLDEST_TEMPLATE, _NEXT_HOUR),
    "NewestInstance": (_smallest(lambda one, now: -one.launched_at.timestamp()),),
    "OldestInstance": (_smallest(lambda one, now: one.launched_at),),
    "OldestLaunchConfiguration": (_all,),
    "OldestLaunchTemplate": (_OLDEST_TEMPLATE,),
}
"""What each policy narrows the candidates by, in order. Every group here has one launch template and one
allocation, so AllocationStrategy and OldestLaunchConfiguration find all candidates equal."""


def choose(
    candidates: Sequence[Candidate],
    *,
    zone_sizes: Mapping[str, int],
    policies: Sequence[str],
    now: datetime,
) -> Candidate | None:
    """The instance to end next; None where every instance is protected.

    First the zone with the most instances that has a candidate, then the policies in order, then any (ids are random)
    (Auto Scaling user guide, "Configure termination policies"). `zone_sizes` counts protected instances, too.
    """
    if not candidates:
        return None
    zones = {one.zone for one in candidates}
    largest = max(zone_sizes.get(zone, 0) for zone in zones)
    left: Sequence[Candidate] = [one for one in candidates if zone_sizes.get(one.zone, 0) == largest]
    for policy in policies:
        for narrow in POLICIES[policy]:
            left = narrow(left, now)
    return min(left, key=lambda one: one.instance_id)
