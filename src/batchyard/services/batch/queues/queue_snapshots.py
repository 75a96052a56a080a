"""GetJobQueueSnapshot: who is at the front of a queue, and what its jobs and shares have now."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, func, select

from batchyard.clock import microseconds
from batchyard.framework.context import Context
from batchyard.services.batch.jobs.job_answers import job_arn
from batchyard.services.batch.jobs.states import PLACED, RUNNABLE
from batchyard.services.batch.queues import queue_fronts, share_usage
from batchyard.services.batch.resources import job_queue
from batchyard.services.batch.service import batch
from batchyard.services.batch.tables import jobs
from batchyard.store.prepared import Prepared, Row, among

if TYPE_CHECKING:
    from types_boto3_batch.type_defs import GetJobQueueSnapshotRequestTypeDef

MOST_SHARES_TOLD = 20
_PER_PLACED = 0.5
"""Microseconds for a job that is placed: its vCPUs are read."""
_PLACED = tuple(
    Prepared(
        select(func.coalesce(func.sum(jobs.c.vcpus), 0.0).label("vcpus"), func.count().label("count"))
        .where(jobs.c.queue_id == bindparam("queue_id"))
        .where(jobs.c.status.in_(PLACED))
        .where(kind)
    )
    for kind in (jobs.c.array_parent.is_(None), jobs.c.array_parent.is_not(None))
)
_STILL_WAITING = Prepared(
    select(jobs.c.id, jobs.c.partition, jobs.c.region, jobs.c.account, jobs.c.job_id)
    .where(among(jobs.c.id, "ids"))
    .where(jobs.c.status == RUNNABLE)
)


@batch.operation(on=job_queue.named("jobQueue"))
def get_job_queue_snapshot(ctx: Context, request: GetJobQueueSnapshotRequestTypeDef) -> dict[str, Any]:
    """The first 100 RUNNABLE jobs as the last plan left them, and the vCPUs of those that are placed.

    The text of a missing queue is SubmitJob's [guess].
    """
    queue = job_queue.find(ctx, request["jobQueue"])
    if queue is None:
        raise batch.error.ClientException(f"JobQueue {request['jobQueue']} not found.")
    now_ms = microseconds(ctx.now) // 1000
    unit = "cpu" if queue.platform == "EKS" else "VCPU"
    utilization: dict[str, Any] = {"lastUpdatedAt": now_ms}
    if queue.scheduling_policy_id is None:
        total = _vcpus_placed(ctx, queue)
    else:
        shares = [row for row in share_usage.find_all(ctx.read, queue.id) if row.running_vcpus > 0]
        total = sum(row.running_vcpus for row in shares)
        utilization["fairshareUtilization"] = _fairshare(shares, unit)
    utilization["totalCapacityUsage"] = _usage(unit, total)
    return {"frontOfQueue": _front(ctx, queue, now_ms), "queueUtilization": utilization}


def _front(ctx: Context, queue: Row, now_ms: int) -> dict[str, Any]:
    """The kept front, without those that do not wait any more."""
    front = queue_fronts.find(ctx.read, queue.id)
    if front is None:
        return {"jobs": [], "lastUpdatedAt": now_ms}
    waiting = {row.id: row for row in ctx.read.all(_STILL_WAITING, ids=[job for job, _ in front.jobs])}
    told = [
        {"jobArn": job_arn(waiting[job]), "earliestTimeAtPosition": since}
        for job, since in front.jobs
        if job in waiting
    ]
    return {"jobs": told, "lastUpdatedAt": front.updated_ms}


def _fairshare(shares: Sequence[Row], unit: str) -> dict[str, Any]:
    """How many shares have something placed, and those that have most."""
    top = heapq.nsmallest(MOST_SHARES_TOLD, shares, key=lambda row: (-row.running_vcpus, row.share))
    told = [{"shareIdentifier": row.share, "capacityUsage": _usage(unit, row.running_vcpus)} for row in top]
    return {"activeShareCount": len(shares), "topCapacityUtilization": told}


def _usage(unit: str, quantity: float) -> list[dict[str, Any]]:
    return [{"capacityUnit": unit, "quantity": float(quantity)}]


def _vcpus_placed(ctx: Context, queue: Row) -> float:
    """What the queue's placed jobs have together: those alone are read, however many wait or have ended."""
    found = [ctx.read.first(statement, queue_id=queue.id) for statement in _PLACED]
    ctx.effort.spend(_PER_PLACED * sum(one.count for one in found if one is not None))
    return float(sum(one.vcpus for one in found if one is not None))
