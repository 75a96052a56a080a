"""The scheduling policy of a queue: chosen when the queue is made, replaced later, never added and never taken away."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select

from batchyard.clock import from_microseconds
from batchyard.framework.context import Context
from batchyard.scheduler.snapshot import SchedulingPolicy, Share
from batchyard.services.batch.queues import share_usage
from batchyard.services.batch.resources import scheduling_policy
from batchyard.services.batch.service import batch
from batchyard.services.batch.tables import job_queues, scheduling_policies
from batchyard.store.prepared import Prepared, Row
from batchyard.store.transaction import Transaction

_FIND = Prepared(select(scheduling_policies).where(scheduling_policies.c.id == bindparam("id")))
_USED = Prepared(select(job_queues.c.id).where(job_queues.c.scheduling_policy_id == bindparam("id")).limit(1))


def chosen_policy(ctx: Context, arn: str | None) -> int | None:
    """The id of the policy that a new queue names, None where it names none; raises ClientException.

    Text recorded in cdk-preflight (`pf-batch-jq-scheduling-policy-arn-type`).
    """
    if not arn:
        return None
    if arn.split(":", 5)[-1].split("/", 1)[0] != scheduling_policy.kind:
        raise batch.error.ClientException("Only scheduling policy Arn can be allowed.")
    identity: int = scheduling_policy.require(ctx, arn).id
    return identity


def replaced_policy(ctx: Context, queue: Row, arn: str) -> int | None:
    """The same for a queue that is there; text recorded (what-aws-says.md 31). An empty ARN takes nothing away."""
    if queue.scheduling_policy_id is None:
        if arn:
            raise batch.error.ClientException("Only fairshare queues can have a scheduling policy.")
        return None
    if not arn:
        raise batch.error.ClientException("Only scheduling policy Arn can be allowed.")
    return chosen_policy(ctx, arn)


def is_used(tx: Transaction, policy: Row) -> bool:
    """Has a queue this policy?"""
    return tx.first(_USED, id=policy.id) is not None


def policy_of(tx: Transaction, queue: Row) -> Row | None:
    """The row of a queue's policy, None where the queue is first-in-first-out."""
    if queue.scheduling_policy_id is None:
        return None
    return tx.first(_FIND, id=queue.scheduling_policy_id)


def in_scheduler(policy: Row) -> SchedulingPolicy:
    """A policy in the scheduler's words."""
    fairshare: dict[str, Any] = policy.fairshare
    weights = (
        (one["shareIdentifier"], one.get("weightFactor", 1.0)) for one in fairshare["shareDistribution"]
    )
    return SchedulingPolicy(
        share_decay_seconds=fairshare["shareDecaySeconds"],
        compute_reservation=fairshare["computeReservation"],
        weights=tuple(weights),
    )


def shares_of(tx: Transaction, queue_id: int) -> tuple[Share, ...]:
    """What the shares of a queue have used, in the scheduler's words."""
    return tuple(
        Share(
            share_identifier=row.share,
            usage_vcpu_seconds=row.usage,
            usage_at=_moment(row.at_ms),
            running_vcpus=row.running_vcpus,
            is_active=row.unfinished > 0,
            is_waiting=row.waiting > 0,
        )
        for row in share_usage.find_all(tx, queue_id)
    )


def _moment(milliseconds: int) -> datetime:
    return from_microseconds(milliseconds * 1000)
