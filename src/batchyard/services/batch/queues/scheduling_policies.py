"""Scheduling policies: create, describe, list, update, delete. Queues that have a policy share by it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, update

from batchyard.clock import microseconds
from batchyard.framework.check import ANY, Check
from batchyard.framework.context import Context
from batchyard.framework.effort import of_answer
from batchyard.framework.place import place
from batchyard.services.batch.answers import page_limit
from batchyard.services.batch.queues.fairshare_policies import checked_fairshare
from batchyard.services.batch.queues.queue_policies import is_used
from batchyard.services.batch.refusals import refusal
from batchyard.services.batch.resources import scheduling_policy
from batchyard.services.batch.service import batch
from batchyard.services.batch.tables import scheduling_policies
from batchyard.services.batch.tags import check_tags, tagging
from batchyard.store.prepared import Row

if TYPE_CHECKING:
    from types_boto3_batch.type_defs import (
        CreateSchedulingPolicyRequestTypeDef,
        DeleteSchedulingPolicyRequestTypeDef,
        DescribeSchedulingPoliciesRequestTypeDef,
        ListSchedulingPoliciesRequestTypeDef,
        UpdateSchedulingPolicyRequestTypeDef,
    )

MOST_DESCRIBED = 100
_NAME = re.compile(r"[A-Za-z0-9_-]{1,128}")
_QUOTA_SHARES = ("quotaSharePolicy",)
_NAMED = scheduling_policy.named("arn")


def _created(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    """Only here a policy is named by its name."""
    return [scheduling_policy.check(ctx, scheduling_policy.arn(ctx, request["name"]))]


@batch.operation(on=(_created, tagging(_created)), writes=True, tags="tags", refuses=_QUOTA_SHARES)
def create_scheduling_policy(ctx: Context, request: CreateSchedulingPolicyRequestTypeDef) -> dict[str, Any]:
    """Record a policy; without fairsharePolicy it has AWS's defaults, under which all shares are equal [guess].

    The name's text is recorded in cdk-preflight (`pf-batch-sp-name`).
    """
    name = request["name"]
    if not _NAME.fullmatch(name):
        raise batch.error.ClientException("Scheduling policy name should match a valid pattern.")
    fairshare = checked_fairshare(request.get("fairsharePolicy") or {})
    tags = request.get("tags") or {}
    check_tags(ctx, tags)
    scheduling_policy.refuse_taken(ctx, name)
    arn = scheduling_policy.arn(ctx, name)
    ctx.write.run(
        insert(scheduling_policies).values(
            **place(ctx),
            name=name,
            arn=arn,
            fairshare=fairshare,
            share_decay_seconds=fairshare["shareDecaySeconds"],
            tags=tags,
            created_ms=microseconds(ctx.now) // 1000,
        )
    )
    return {"name": name, "arn": arn}


@batch.operation(on=ANY)
def describe_scheduling_policies(
    ctx: Context, request: DescribeSchedulingPoliciesRequestTypeDef
) -> dict[str, Any]:
    """The policies with these ARNs; unknown policies are left out. The text of too many is DescribeJobs's [guess]."""
    named = request["arns"]
    if len(named) > MOST_DESCRIBED:
        raise refusal(ctx, f"Maximum number of arns supported is {MOST_DESCRIBED}")
    shown = []
    for arn in dict.fromkeys(named):
        row = scheduling_policy.find(ctx, arn)
        if row is not None:
            ctx.effort.spend(of_answer(row.fairshare))
            shown.append(_shown(row))
    return {"schedulingPolicies": shown}


@batch.operation(on=ANY)
def list_scheduling_policies(ctx: Context, request: ListSchedulingPoliciesRequestTypeDef) -> dict[str, Any]:
    """The ARNs of all policies of the account in this Region, by name."""
    limit = page_limit(ctx, request, MOST_DESCRIBED)
    rows, more = scheduling_policy.page(ctx, request.get("nextToken") or "", limit)
    listed = [{"arn": row.arn} for row in rows]
    return {"schedulingPolicies": listed, **({"nextToken": rows[-1].name} if more else {})}


@batch.operation(on=_NAMED, writes=True, refuses=_QUOTA_SHARES)
def update_scheduling_policy(ctx: Context, request: UpdateSchedulingPolicyRequestTypeDef) -> dict[str, Any]:
    """Put another fairsharePolicy in the place of the present; its queues are planned anew."""
    row = scheduling_policy.require(ctx, request["arn"])
    if "fairsharePolicy" in request:
        fairshare = checked_fairshare(request["fairsharePolicy"])
        this = update(scheduling_policies).where(scheduling_policies.c.id == row.id)
        decay = fairshare["shareDecaySeconds"]
        ctx.write.run(this.values(fairshare=fairshare, share_decay_seconds=decay))
        ctx.intend("batch.placing", "queues")
    return {}


@batch.operation(on=_NAMED, writes=True)
def delete_scheduling_policy(ctx: Context, request: DeleteSchedulingPolicyRequestTypeDef) -> dict[str, Any]:
    """Forget a policy that no queue has. A missing policy is a success, as a missing queue is [guess].

    The text of a policy in use is a compute environment's (batch-jobs.md 14) [guess].
    """
    row = scheduling_policy.find(ctx, request["arn"])
    if row is not None:
        if is_used(ctx.read, row):
            raise batch.error.ClientException("Cannot delete, found existing JobQueue relationship")
        ctx.write.run(delete(scheduling_policies).where(scheduling_policies.c.id == row.id))
    return {}


def _shown(row: Row) -> dict[str, Any]:
    return {"name": row.name, "arn": row.arn, "fairsharePolicy": row.fairshare, "tags": row.tags}
