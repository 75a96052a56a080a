"""Who is next: queues by priority, jobs first-in-first-out, or by fair share where the queue has a policy.

A line's front holds up those behind it: AWS runs a queue's jobs in order and calls a queue whose front cannot
be placed blocked [doc: user guide job_stuck_in_runnable; AWS HPC blog on blocked queues]. Between queues
there is no such rule: those of higher priority are asked first, and what they leave is for the others.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from heapq import heapify, heappop, heapreplace
from itertools import groupby
from typing import Final, Protocol

from batchyard.scheduler.snapshot import Job, Queue, SchedulingPolicy, Share

DEFAULT_SHARE_DECAY_SECONDS: Final = 600  # what shareDecaySeconds 0 means in the newest text
_ROUNDING: Final = 1e-6  # vCPUs: 90 % of 10 reserved leave 1, not 0.9999999999999998


class Line(Protocol):
    """One queue's jobs, from the front, while a plan is made."""

    queue: Queue
    front: Job | None
    waiting_vcpus: float  # what the front and those behind it need together

    def advance(self) -> None:
        """The front has been served: the next one steps forward."""

    def remaining(self) -> Sequence[Job]:
        """Those not served, the front first."""


class FifoLine:
    """Oldest first; of the same age, by id."""

    def __init__(self, queue: Queue) -> None:
        self.queue = queue
        self._jobs = sorted(queue.jobs, key=_age)
        self._at = 0
        self.front: Job | None = self._jobs[0] if self._jobs else None
        self.waiting_vcpus = sum(job.vcpus for job in self._jobs)

    def advance(self) -> None:
        self.waiting_vcpus -= self._jobs[self._at].vcpus
        self._at += 1
        self.front = self._jobs[self._at] if self._at < len(self._jobs) else None

    def remaining(self) -> Sequence[Job]:
        return self._jobs[self._at :]


class FairShareLine:
    """The share that has used least in proportion to its weight is first; within it priority, then age.

    Usage is measured in vCPUs: the decayed average over the decay window, what runs now, and what this plan
    has placed, times the weight factor. AWS names the ingredients; that they are added so is a guess of ours.
    `max_vcpus` is what the queue's environments may reach together, of which `compute_reservation` keeps a
    part.
    """

    def __init__(self, queue: Queue, policy: SchedulingPolicy, *, max_vcpus: float, now: datetime) -> None:
        self.queue = queue
        self._weights = _Weights(policy)
        self._waiting = _by_share(queue.jobs)
        self._used = _vcpus_by_share(queue.shares, policy, now)
        running = {each.share_identifier: each.running_vcpus for each in queue.shares}
        active = self._waiting.keys() | {share for share, vcpus in running.items() if vcpus > 0}
        self._allowance = max_vcpus * (1 - reserved_part(policy, len(active))) - sum(running.values())
        self._heap = [(self._measure(share), share) for share in self._waiting]
        heapify(self._heap)
        self.front: Job | None = None
        self.waiting_vcpus = sum(job.vcpus for job in queue.jobs)
        self._choose()

    def advance(self) -> None:
        share = self._heap[0][1]
        job = self._waiting[share].pop()
        self._used[share] = self._used.get(share, 0.0) + job.vcpus
        self._allowance -= job.vcpus
        self.waiting_vcpus -= job.vcpus
        if self._waiting[share]:
            heapreplace(self._heap, (self._measure(share), share))
        else:
            heappop(self._heap)
        self._choose()

    def remaining(self) -> Sequence[Job]:
        shares = [share for _, share in sorted(self._heap)]
        return [job for share in shares for job in reversed(self._waiting[share])]

    def is_held_back(self) -> bool:
        """True when the front would go into what is reserved for shares that are not active yet."""
        return self.front is not None and self.front.vcpus > self._allowance + _ROUNDING

    def _choose(self) -> None:
        self.front = self._waiting[self._heap[0][1]][-1] if self._heap else None

    def _measure(self, share: str) -> float:
        return self._used.get(share, 0.0) * self._weights.of(share)


def decayed(usage_vcpu_seconds: float, *, elapsed_seconds: float, share_decay_seconds: int) -> float:
    """What is left of a usage after some time.

    It is halved each half window; AWS names the window, not the curve [guess].
    """
    window = share_decay_seconds or DEFAULT_SHARE_DECAY_SECONDS
    return float(usage_vcpu_seconds * math.pow(0.5, max(elapsed_seconds, 0.0) / (window / 2)))


def reserved_part(policy: SchedulingPolicy, active_shares: int) -> float:
    """The part of maxvCpus kept for shares not active yet: (computeReservation / 100) ^ active shares."""
    return float((policy.compute_reservation / 100) ** max(active_shares, 1))


def weight_factor(policy: SchedulingPolicy, share_identifier: str) -> float:
    """The share's weight: by its own name, else by the prefix entry that covers it, else 1.0."""
    return _Weights(policy).of(share_identifier)


def serve(lines: Iterable[Line], take: Callable[[Line, Job], bool]) -> None:
    """Offer each line's front to `take` until no line moves.

    Lines of higher priority are done before others begin; among equals the older front is offered first. A
    line whose front is not taken stands still for good: room only shrinks within a plan.
    """
    ordered = sorted(lines, key=lambda line: (-line.queue.priority, line.queue.arn))
    for _, equals in groupby(ordered, key=lambda line: line.queue.priority):
        fronts = [
            (line.front.created_at, line.front.job_id, number, line)
            for number, line in enumerate(equals)
            if line.front is not None
        ]
        heapify(fronts)
        while fronts:
            _, _, number, line = fronts[0]
            job = line.front
            if job is None or not take(line, job):
                heappop(fronts)
                continue
            line.advance()
            if (following := line.front) is None:
                heappop(fronts)
            else:
                heapreplace(fronts, (following.created_at, following.job_id, number, line))


class _Weights:
    def __init__(self, policy: SchedulingPolicy) -> None:
        self._exact = {name: factor for name, factor in policy.weights if not name.endswith("*")}
        # The API refuses prefixes that overlap; the longest first makes the answer definite all the same.
        prefixes = [(name[:-1], factor) for name, factor in policy.weights if name.endswith("*")]
        self._prefixes = sorted(prefixes, key=lambda entry: -len(entry[0]))

    def of(self, share_identifier: str) -> float:
        if share_identifier in self._exact:
            return self._exact[share_identifier]
        matching = (factor for prefix, factor in self._prefixes if share_identifier.startswith(prefix))
        return next(matching, 1.0)


def _age(job: Job) -> tuple[datetime, str]:
    return (job.created_at, job.job_id)


def _by_share(jobs: Iterable[Job]) -> dict[str, list[Job]]:
    """Jobs by share, the one to run next at the end of each list."""
    waiting: dict[str, list[Job]] = {}
    for job in sorted(jobs, key=lambda job: (-job.scheduling_priority, *_age(job)), reverse=True):
        waiting.setdefault(job.share_identifier or "", []).append(job)
    return waiting


def _vcpus_by_share(shares: Iterable[Share], policy: SchedulingPolicy, now: datetime) -> dict[str, float]:
    """Each share's recent vCPUs: steady use of x comes out as x on average, plus the x that run now."""
    half_life = (policy.share_decay_seconds or DEFAULT_SHARE_DECAY_SECONDS) / 2
    used = {}
    for share in shares:
        usage = decayed(
            share.usage_vcpu_seconds,
            elapsed_seconds=(now - share.usage_at).total_seconds(),
            share_decay_seconds=policy.share_decay_seconds,
        )
        used[share.share_identifier] = usage * math.log(2) / half_life + share.running_vcpus
    return used
