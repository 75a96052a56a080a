"""An environment whose instances do not join its cluster: INVALID and scaled down, until its owner updates it."""

from __future__ import annotations

from sqlalchemy import update

from batchyard.framework.controller import Controller
from batchyard.framework.work import Key
from batchyard.services.batch.tables import compute_environments
from batchyard.store.prepared import Row
from batchyard.store.transaction import Transaction

NONE_JOINED = (
    "Your compute environment has been INVALIDATED and scaled down because none of the instances joined the underlying"
    " ECS Cluster. Common issues preventing instances joining are the following: VPC/Subnet configuration preventing"
    " communication to ECS, incorrect Instance Profile policy preventing authorization to ECS, or customized AMI or"
    " LaunchTemplate configurations affecting ECS agent."
)
"""Recorded (batch-on-behalf.md 6)."""


def mark_none_joined(controller: Controller, key: Key, environment: Row) -> None:
    """Turn a VALID environment INVALID, and have it scaled down. It stays so until its owner updates it (recorded: it
    does not recover by itself).
    """

    def mark(tx: Transaction) -> None:
        changed = tx.run(
            update(compute_environments)
            .where(compute_environments.c.id == environment.id)
            .where(compute_environments.c.generation == environment.generation)
            .where(compute_environments.c.status == "VALID")
            .values(status="INVALID", status_reason=NONE_JOINED, desired_vcpus=0)
        )
        if changed:
            compute = Key("batch.compute", key.account, key.partition, key.region, environment.name)
            controller.intend(tx, compute)

    controller.write(mark)


def is_to_be_scaled_down(environment: Row) -> bool:
    """Was the environment marked so, and not updated since?"""
    marked: bool = (environment.status, environment.status_reason) == ("INVALID", NONE_JOINED)
    return marked
