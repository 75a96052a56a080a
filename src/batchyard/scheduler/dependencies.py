"""Plain, N_TO_N and SEQUENTIAL: may a job run now, must it wait, or can it never run?"""

from collections.abc import Iterable
from enum import Enum
from typing import Literal

DependencyType = Literal["N_TO_N", "SEQUENTIAL"]


class Readiness(Enum):
    """What a job's dependencies allow. FAIL goes with the statusReason `Dependent Job failed`."""

    RUN = "every dependency has succeeded"
    WAIT = "a dependency has not ended"
    FAIL = "a dependency has failed"


def readiness(statuses: Iterable[str]) -> Readiness:
    """What the statuses of all the jobs that a job waits for allow; no status at all means RUN.

    A job that failed decides at once, whatever the others do. For an array child the job that it waits for is
    the child that `awaited_index` names; for a dependency without a type it is the whole job, an array's parent
    included.
    """
    seen = set(statuses)
    if "FAILED" in seen:
        return Readiness.FAIL
    return Readiness.RUN if seen <= {"SUCCEEDED"} else Readiness.WAIT


def awaited_index(dependency_type: DependencyType, *, index: int) -> int | None:
    """The child that array child `index` waits for: of the other array (N_TO_N), or of its own (SEQUENTIAL).

    None when it waits for nobody: the first child of a SEQUENTIAL array.
    """
    if dependency_type == "N_TO_N":
        return index
    return index - 1 if index > 0 else None


def awaiting_index(dependency_type: DependencyType, *, index: int, size: int) -> int | None:
    """The child that waits for child `index`, to be looked at again when that one ended; None if nobody."""
    if dependency_type == "N_TO_N":
        return index
    return index + 1 if index + 1 < size else None
