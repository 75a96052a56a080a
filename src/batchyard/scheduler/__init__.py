"""The batch decision: which waiting job runs where, which waits and why, and what capacity that asks for."""

from batchyard.scheduler.answers import Desire, Fail, Place, Plan, Wait
from batchyard.scheduler.plan import plan
from batchyard.scheduler.snapshot import (
    ComputeEnvironment,
    Instance,
    InstanceType,
    Job,
    Queue,
    SchedulingPolicy,
    Share,
    Snapshot,
)

__all__ = [
    "ComputeEnvironment",
    "Desire",
    "Fail",
    "Instance",
    "InstanceType",
    "Job",
    "Place",
    "Plan",
    "Queue",
    "SchedulingPolicy",
    "Share",
    "Snapshot",
    "Wait",
    "plan",
]
