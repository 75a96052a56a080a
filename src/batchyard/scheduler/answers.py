"""What a plan says: for each job Place, Wait or Fail; for an environment Desire."""

from dataclasses import dataclass
from typing import NamedTuple


class Place(NamedTuple):
    """Start this job there now. `instance_id` is None on Fargate, and for a multi-node parallel job, which has one
    instance for each node in `node_instance_ids`."""

    job_id: str
    compute_environment_arn: str
    instance_id: str | None
    node_instance_ids: tuple[str, ...] = ()


class Wait(NamedTuple):
    """Leave this job RUNNABLE.

    `at_front`: the job at the front of its queue, which holds up those behind it; only such a job has a
    reason, as in AWS, and an ordinary wait for capacity has none. A job with more nodes than any engine of its
    queue runs at once has a reason, too: it stands beside the line and holds up nobody.
    """

    job_id: str
    reason: str | None = None
    at_front: bool = False


class Fail(NamedTuple):
    """End this job as FAILED, with this statusReason."""

    job_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Desire:
    """What one managed environment should have: given only for an environment where something should change.

    `desired_vcpus` is the total after the change, instances that are still coming included. `launch` is how
    many more of each instance type, `terminate` which idle instances to give back.
    """

    compute_environment_arn: str
    desired_vcpus: int
    launch: tuple[tuple[str, int], ...] = ()
    terminate: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The answer to a snapshot.

    Each of its jobs is in exactly one of the first three; placements are in the order decided.
    """

    placements: tuple[Place, ...]
    waits: tuple[Wait, ...]
    fails: tuple[Fail, ...]
    capacity: tuple[Desire, ...]
