"""Fair share: what each share has used, which of them has its turn, and what is kept for those to come.

AWS names the ingredients (usage over a window, what runs, a weight factor); how they go together is a guess of ours.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from heapq import heapify, heappop, heapreplace
from typing import Final, Protocol, TypeVar

from batchyard.scheduler.snapshot import SchedulingPolicy, Share


class _HasVcpus(Protocol):
    @property
    def vcpus(self) -> float: ...


Sized = TypeVar("Sized", bound=_HasVcpus)
"""A job, in whatever form its reader has it."""

DEFAULT_SHARE_DECAY_SECONDS: Final = 600  # what shareDecaySeconds 0 means in the newest text


def window_seconds(share_decay_seconds: int) -> int:
    """The window over which usage counts."""
    return share_decay_seconds or DEFAULT_SHARE_DECAY_SECONDS


def decayed(usage_vcpu_seconds: float, *, elapsed_seconds: float, share_decay_seconds: int) -> float:
    """What is left of a usage after some time.

    It is halved each half window; AWS names the window, not the curve [guess].
    """
    half_life = window_seconds(share_decay_seconds) / 2
    return float(usage_vcpu_seconds * math.pow(0.5, max(elapsed_seconds, 0.0) / half_life))


def accrued(
    usage_vcpu_seconds: float, *, running_vcpus: float, elapsed_seconds: float, share_decay_seconds: int
) -> float:
    """What a usage has become after some time in which so many vCPUs ran: it fades while more comes in."""
    rest = decayed(
        usage_vcpu_seconds, elapsed_seconds=elapsed_seconds, share_decay_seconds=share_decay_seconds
    )
    full = running_vcpus * window_seconds(share_decay_seconds) / 2 / math.log(2)
    return (
        rest + full - decayed(full, elapsed_seconds=elapsed_seconds, share_decay_seconds=share_decay_seconds)
    )


def vcpus_used(share: Share, policy: SchedulingPolicy, now: datetime) -> float:
    """A share's recent vCPUs: steady use of x comes out as x on average, plus the x that run now."""
    usage = accrued(
        share.usage_vcpu_seconds,
        running_vcpus=share.running_vcpus,
        elapsed_seconds=(now - share.usage_at).total_seconds(),
        share_decay_seconds=policy.share_decay_seconds,
    )
    half_life = window_seconds(policy.share_decay_seconds) / 2
    return usage * math.log(2) / half_life + share.running_vcpus


def reserved_part(policy: SchedulingPolicy, active_shares: int) -> float:
    """The part of maxvCpus kept for shares not active yet: (computeReservation / 100) ^ active shares."""
    return float((policy.compute_reservation / 100) ** max(active_shares, 1))


class Weights:
    """A policy's weight factors: by a share's own name, else by the prefix entry that covers it, else 1.0."""

    def __init__(self, policy: SchedulingPolicy) -> None:
        self._exact = {name: factor for name, factor in policy.weights if not name.endswith("*")}
        # The API refuses prefixes that overlap; the longest first makes the answer definite all the same.
        prefixes = [(name[:-1], factor) for name, factor in policy.weights if name.endswith("*")]
        self._prefixes = sorted(prefixes, key=lambda entry: -len(entry[0]))

    def of(self, share_identifier: str) -> float:
        """The weight factor of one share."""
        if share_identifier in self._exact:
            return self._exact[share_identifier]
        matching = (factor for prefix, factor in self._prefixes if share_identifier.startswith(prefix))
        return next(matching, 1.0)


def weight_factor(policy: SchedulingPolicy, share_identifier: str) -> float:
    """The weight factor of one share."""
    return Weights(policy).of(share_identifier)


def in_turn(
    policy: SchedulingPolicy, shares: Iterable[Share], waiting: Mapping[str, Iterator[Sized]], now: datetime
) -> Iterator[Sized]:
    """The waiting jobs in the order in which they are to run: the share that has used least has its turn.

    A share's use is in vCPUs, with those of its jobs that had their turn before, times its weight factor; of equals
    the first by name. `waiting` has each share's jobs in their own order. Of a share whose turn does not come none is
    taken, so that few of many are read.
    """
    weights = Weights(policy)
    used = {each.share_identifier: vcpus_used(each, policy, now) for each in shares}
    turns = [(used.get(share, 0.0) * weights.of(share), share) for share in waiting]
    heapify(turns)
    while turns:
        share = turns[0][1]
        job = next(waiting[share], None)
        if job is None:
            heappop(turns)
            continue
        used[share] = used.get(share, 0.0) + job.vcpus
        heapreplace(turns, (used[share] * weights.of(share), share))
        yield job
