"""Who is next: queues by priority, jobs first-in-first-out, or by fair share where the queue has a policy.

A line's front holds up those behind it: AWS runs a queue's jobs in order and calls a queue whose front cannot
be placed blocked [doc: user guide job_stuck_in_runnable; AWS HPC blog on blocked queues]. Between queues
there is no such rule: those of higher priority are asked first, and what they leave is for the others.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from heapq import heapify, heappop, heapreplace
from itertools import groupby
from typing import Final, Protocol

from batchyard.scheduler.shares import in_turn, reserved_part
from batchyard.scheduler.snapshot import Job, Queue, SchedulingPolicy, Share

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


class _Ordered:
    """A line whose order stands from the beginning."""

    def __init__(self, queue: Queue, jobs: Sequence[Job]) -> None:
        self.queue = queue
        self._jobs = jobs
        self._at = 0
        self.front: Job | None = jobs[0] if jobs else None
        self.waiting_vcpus = sum(job.vcpus for job in jobs)

    def advance(self) -> None:
        self.waiting_vcpus -= self._jobs[self._at].vcpus
        self._at += 1
        self.front = self._jobs[self._at] if self._at < len(self._jobs) else None

    def remaining(self) -> Sequence[Job]:
        return self._jobs[self._at :]


class FifoLine(_Ordered):
    """Oldest first; of the same age as the snapshot has them, which is the order of submission."""

    def __init__(self, queue: Queue) -> None:
        super().__init__(queue, sorted(queue.jobs, key=lambda job: job.created_at))


class FairShareLine(_Ordered):
    """Share by share as each has its turn (see `shares.in_turn`); within a share priority, then age.

    Whose turn it is depends on what had its turn before, never on where there was room: the front that finds none
    holds up the line. `max_vcpus` is what the queue's environments may reach together, of which
    `compute_reservation` keeps a part for shares that are not active yet.
    """

    def __init__(self, queue: Queue, policy: SchedulingPolicy, *, max_vcpus: float, now: datetime) -> None:
        waiting = _by_share(queue.jobs)
        turns = {share: iter(jobs) for share, jobs in waiting.items()}
        super().__init__(queue, tuple(in_turn(policy, queue.shares, turns, now)))
        active = waiting.keys() | {each.share_identifier for each in queue.shares if _is_active(each)}
        running = sum(each.running_vcpus for each in queue.shares)
        self._allowance = max_vcpus * (1 - reserved_part(policy, len(active))) - running

    def advance(self) -> None:
        if self.front is not None:
            self._allowance -= self.front.vcpus
        super().advance()

    def is_held_back(self) -> bool:
        """True when the front would go into what is reserved for shares that are not active yet."""
        return self.front is not None and self.front.vcpus > self._allowance + _ROUNDING


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


def _by_share(jobs: Iterable[Job]) -> dict[str, list[Job]]:
    """Jobs by share, each list in the order of that share."""
    waiting: dict[str, list[Job]] = {}
    for job in sorted(jobs, key=lambda job: (-job.scheduling_priority, job.created_at)):
        waiting.setdefault(job.share_identifier or "", []).append(job)
    return waiting


def _is_active(share: Share) -> bool:
    return share.is_active or share.running_vcpus > 0
