"""What a plan is made from, as frozen values: queues, the front of their lines, the capacity behind."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

EnvironmentType = Literal["EC2", "SPOT", "FARGATE", "FARGATE_SPOT", "EKS", "UNMANAGED"]
EnvironmentStatus = Literal["CREATING", "UPDATING", "DELETING", "DELETED", "VALID", "INVALID"]
InstanceState = Literal["PENDING", "ACTIVE", "DRAINING"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One node of a multi-node parallel job, by what it takes of an instance; its memory is in MiB."""

    job_id: str
    """Of the whole job."""
    vcpus: float
    memory_mib: int
    gpus: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One RUNNABLE job, or one RUNNABLE child of an array job.

    `vcpus` may be a fraction on Fargate; memory is in MiB; both are more than 0. Of a multi-node parallel job, which
    has `nodes`, they are those of all nodes together. `scheduling_priority` and
    `share_identifier` count only in a queue with a scheduling policy. `created_at` is what first-in-first-out
    goes by.
    """

    job_id: str
    queue_arn: str
    vcpus: float
    memory_mib: int
    created_at: datetime
    gpus: int = 0
    scheduling_priority: int = 0
    share_identifier: str | None = None
    needs: frozenset[str] = frozenset()
    """Names of what the engine behind an environment must make true for it."""
    nodes: tuple[Node, ...] = ()
    """Those of a multi-node parallel job, by their index: all are placed at once, or none."""
    consumes: tuple[tuple[str, int], ...] = ()
    """(consumable resource, quantity): what it needs to start beside a machine, and does not hold yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumable:
    """A consumable resource: how much there is of it, and how much of that no job holds; below 0 where it shrank."""

    name: str
    total: int
    available: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulingPolicy:
    """A fair-share policy (batch-jobs.md section 10).

    `weights` holds (share identifier, weight factor); an identifier ending in `*` stands for a prefix.
    """

    share_decay_seconds: int = 0
    compute_reservation: int = 0
    weights: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What a share of a queue has used: `usage_vcpu_seconds` as decayed at `usage_at`, and what has run since then.

    It is active while jobs of it have not ended; a job that waits in the snapshot's front makes it so, too.
    """

    share_identifier: str
    usage_vcpu_seconds: float
    usage_at: datetime
    running_vcpus: float = 0.0
    is_active: bool = False
    is_waiting: bool = False
    """Jobs of it are RUNNABLE, whether they are in the snapshot's front or not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """A job queue and the front of its line.

    `compute_environments` are ARNs in the queue's own order. `jobs` is a tuple of RUNNABLE jobs, oldest first
    (with a scheduling policy: as `shares.in_turn` has them); how many is the reader's choice. A queue's ENABLED
    or DISABLED state is not here: jobs that are in a disabled queue still run [doc: BOTO]. `shares` matters
    only with a policy; a share that is missing has used nothing.
    """

    arn: str
    name: str
    priority: int
    compute_environments: tuple[str, ...]
    jobs: tuple[Job, ...]
    status: EnvironmentStatus = "VALID"
    scheduling_policy: SchedulingPolicy | None = None
    shares: tuple[Share, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceType:
    """An instance type that an environment may launch, and what an instance of it offers to tasks."""

    name: str
    vcpus: int
    memory_mib: int
    gpus: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One instance of an environment.

    PENDING: asked for and not yet registered in the cluster (its free amounts are those it will bring; the id
    may be any that is unique and stable). ACTIVE: takes tasks. DRAINING: takes none; it counts towards maxvCpus
    until it is gone, and towards nothing else. `idle_since`: when its last job ended, or when it registered;
    None while a job is on it.
    """

    instance_id: str
    instance_type: str
    vcpus: float
    memory_mib: int
    free_vcpus: float
    free_memory_mib: int
    gpus: int = 0
    free_gpus: int = 0
    state: InstanceState = "ACTIVE"
    idle_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputeEnvironment:
    """A compute environment and what it has.

    `instances` and `instance_types` are empty on Fargate, where `used_vcpus` (STARTING and RUNNING tasks)
    counts against `max_vcpus`. An UNMANAGED environment is never asked to grow or shrink. Capacity that was
    asked for and has not come is a PENDING instance in `instances`. `desired_vcpus` is what its owner or the
    last plan wished for: more is launched up to it, and idle instances go nonetheless. `wait_reason` is what a
    controller has learned about this environment (`CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY - …`,
    `MISCONFIGURATION:SERVICE_ROLE_PERMISSIONS – …`); a job at the front that could only run here waits with
    it.
    """

    arn: str
    type: EnvironmentType
    max_vcpus: int
    state: Literal["ENABLED", "DISABLED"] = "ENABLED"
    status: EnvironmentStatus = "VALID"
    min_vcpus: int = 0
    desired_vcpus: int = 0
    instances: tuple[Instance, ...] = ()
    instance_types: tuple[InstanceType, ...] = ()
    used_vcpus: float = 0.0
    scale_down_delay_seconds: float = 0
    wait_reason: str | None = None
    abilities: frozenset[str] | None = frozenset()
    """What the engine behind it makes true, see Job.needs; None: it has no engine any more, and takes no job."""
    most_nodes: int | None = None
    """How many nodes of one job that engine can run at once; None: any number."""

    @property
    def is_fargate(self) -> bool:
        """True where tasks have no instance of ours under them."""
        return self.type in ("FARGATE", "FARGATE_SPOT")

    @property
    def accepts_jobs(self) -> bool:
        """True while jobs may be placed here: ENABLED, and VALID or in the middle of an update."""
        return self.state == "ENABLED" and self.status in ("VALID", "UPDATING")


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Everything that one plan considers: the queues and environments of one account and Region."""

    queues: tuple[Queue, ...]
    compute_environments: tuple[ComputeEnvironment, ...]
    consumables: tuple[Consumable, ...] = ()
    """Those that a job of the snapshot names; what is missing is not there."""
