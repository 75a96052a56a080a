"""Array jobs: their children's ids, and a parent's status from its children's."""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from batchyard.scheduler.reasons import ARRAY_CHILD_JOB_FAILED

STATUSES: Final = ("SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED", "FAILED")


class ParentStatus(NamedTuple):
    """What an array job's parent shows; the reason comes with FAILED."""

    status: str
    status_reason: str | None = None


def child_id(parent_id: str, index: int) -> str:
    """`<parentId>:<index>`."""
    return f"{parent_id}:{index}"


def children(parent_id: str, size: int) -> Iterator[tuple[str, int]]:
    """Each child's id and index, from 0."""
    return ((f"{parent_id}:{index}", index) for index in range(size))


def split_child_id(job_id: str) -> tuple[str, int] | None:
    """The parent's id and the index, or None where the id is not an array child's."""
    parent_id, colon, index = job_id.rpartition(":")
    if not (colon and parent_id and index.isascii() and index.isdigit()):
        return None
    return parent_id, int(index)


def status_summary(counts: Mapping[str, int]) -> dict[str, int]:
    """arrayProperties.statusSummary: how many children have each status, zeros included."""
    unknown = counts.keys() - set(STATUSES)
    if unknown:
        raise ValueError(f"not job statuses: {sorted(unknown)}")
    return {status: counts.get(status, 0) for status in STATUSES}


def parent_status(counts: Mapping[str, int]) -> ParentStatus:
    """The parent's status from how many children have each status (batch-jobs.md sections 2 and 4).

    It fails when any child failed, and only when all have ended. It is PENDING as soon as a child is past
    SUBMITTED: AWS's text speaks of the first RUNNABLE child; that an array whose children wait for others is
    PENDING too, as any job that waits for others, is a guess.
    """
    summary = status_summary(counts)
    size = sum(summary.values())
    if summary["SUBMITTED"] == size:
        return ParentStatus("SUBMITTED")
    if summary["SUCCEEDED"] + summary["FAILED"] < size:
        return ParentStatus("PENDING")
    if summary["FAILED"]:
        return ParentStatus("FAILED", ARRAY_CHILD_JOB_FAILED)
    return ParentStatus("SUCCEEDED")
