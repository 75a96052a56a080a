"""Consumable resources while a plan is made: a job starts only where all that it needs is left.

The front of a queue that waits for a resource holds up those behind it, as a job that waits for a machine does: it
waits in RUNNABLE when it reaches the head of the queue, until all is available or its state's time limit is reached
(Batch user guide, "Specify the resources needed to run a job"); that nobody passes it meanwhile is the strict reading.
"""

from collections.abc import Iterable

from batchyard.scheduler.snapshot import Consumable, Job


class Left:
    """What is left of each resource."""

    def __init__(self, consumables: Iterable[Consumable]) -> None:
        known = list(consumables)
        self._left = {each.name: each.available for each in known}
        self._total = {each.name: each.total for each in known}

    def covers(self, job: Job) -> bool:
        """Is all there that the job needs?"""
        return all(quantity <= self._left.get(name, 0) for name, quantity in job.consumes)

    def take(self, job: Job) -> None:
        """Count what the job takes."""
        for name, quantity in job.consumes:
            self._left[name] = self._left.get(name, 0) - quantity

    def never_covers(self, job: Job) -> bool:
        """Does the job need more of a resource than there is, in use or not?"""
        return any(quantity > self._total.get(name, 0) for name, quantity in job.consumes)
