"""The share and the priority with which a job is submitted: what a queue with a policy wants, and no other takes."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, select

from batchyard.framework.context import Context
from batchyard.services.batch.definitions.scheduling_priorities import check_scheduling_priority
from batchyard.services.batch.queues import share_usage
from batchyard.services.batch.queues.fairshare_policies import MOST_SHARES, is_share_identifier
from batchyard.services.batch.refusals import refusal
from batchyard.services.batch.service import batch
from batchyard.services.batch.tables import scheduling_policies
from batchyard.store.prepared import Prepared, Row

NO_SHARE: dict[str, Any] = {"share_identifier": None, "scheduling_priority": None}
_DECAY = Prepared(
    select(scheduling_policies.c.share_decay_seconds).where(scheduling_policies.c.id == bindparam("id"))
)


def share_of(ctx: Context, request: Any, queue: Row, definition: Row) -> dict[str, Any]:
    """The columns of a job's share; raises ClientException where it does not go with the queue.

    Texts: what-aws-says.md 31 (sic), batch-jobs.md 10, of an identifier cdk-preflight (`pf-batch-sp-share-identifier-
    pattern`); of too many shares a guess. A definition's schedulingPriority has no effect in a queue without a policy
    [doc: BOTO RegisterJobDefinition].
    """
    share, override = request.get("shareIdentifier"), request.get("schedulingPriorityOverride")
    if queue.scheduling_policy_id is None:
        if share or override is not None:
            raise batch.error.ClientException(
                "Job with shareIdentifier or schedulingPriority can onlybe submitted to job queue with fair share"
                " scheduling policy."
            )
        return NO_SHARE
    if not share:
        raise batch.error.ClientException("shareIdentifier must be specified.")
    if not is_share_identifier(share):
        raise batch.error.ClientException("ShareIdentifier name should match a valid pattern.")
    check_scheduling_priority(ctx, override)
    priority = definition.body.get("schedulingPriority") if override is None else override
    if priority is None:
        raise batch.error.ClientException(
            "Either schedulingPriority in job definition or schedulingPriorityOverride should be specified."
        )
    _check_room(ctx, queue, share)
    return {"share_identifier": share, "scheduling_priority": priority}


def _check_room(ctx: Context, queue: Row, share: str) -> None:
    """Raise where the queue has as many shares as it may; text: a guess."""
    policy = ctx.read.first(_DECAY, id=queue.scheduling_policy_id)
    decay = 0 if policy is None else policy.share_decay_seconds
    if not share_usage.takes_share(ctx.write, queue.id, share, decay_seconds=decay, now=ctx.now):
        text = f"JobQueue {queue.arn} can have at most {MOST_SHARES} active share identifiers"
        raise refusal(ctx, text)
