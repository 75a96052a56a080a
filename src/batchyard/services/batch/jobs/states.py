"""The states of a job, as one table: what may follow what."""

from __future__ import annotations

SUBMITTED, PENDING, RUNNABLE, STARTING, RUNNING, SUCCEEDED, FAILED = (
    "SUBMITTED",
    "PENDING",
    "RUNNABLE",
    "STARTING",
    "RUNNING",
    "SUCCEEDED",
    "FAILED",
)

FOLLOWING: dict[str, frozenset[str]] = {
    SUBMITTED: frozenset((PENDING, RUNNABLE, FAILED)),
    PENDING: frozenset((RUNNABLE, SUCCEEDED, FAILED)),
    RUNNABLE: frozenset((STARTING, FAILED)),
    STARTING: frozenset((RUNNING, RUNNABLE, SUCCEEDED, FAILED)),
    RUNNING: frozenset((RUNNABLE, SUCCEEDED, FAILED)),
    SUCCEEDED: frozenset(),
    FAILED: frozenset(),
}
"""RUNNABLE follows STARTING and RUNNING when an attempt is retried, or could not be started (batch-jobs.md 2, 3).
A short attempt may have ended before it was seen to run, so SUCCEEDED may follow STARTING.
An array job's parent is PENDING until its children have ended."""

WAITING = (SUBMITTED, PENDING, RUNNABLE)
"""Nothing runs yet: a cancellation takes effect."""
PLACED = (STARTING, RUNNING)
"""A task stands for the job."""
ENDED = (SUCCEEDED, FAILED)


def may_follow(status: str, following: str) -> bool:
    """May a job of this status take the other one next?"""
    return following in FOLLOWING[status]
