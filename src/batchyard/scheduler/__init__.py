"""The batch decision: which waiting job runs where, which waits and why, and what capacity that asks for."""

from batchyard.scheduler.answers import Desire, Fail, Place, Plan, Wait
from batchyard.scheduler.plan import plan
from batchyard.scheduler.snapshot import (
    ComputeEnvironment,
    Consumable,
    Instance,
    InstanceType,
    Job,
    Node,
    Queue,
    SchedulingPolicy,
    Share,
    Snapshot,
)

__all__ = [
    "ComputeEnvironment",
    "Consumable",
    "Desire",
    "Fail",
    "Instance",
    "InstanceType",
    "Job",
    "Node",
    "Place",
    "Plan",
    "Queue",
    "SchedulingPolicy",
    "Share",
    "Snapshot",
    "Wait",
    "plan",
]
