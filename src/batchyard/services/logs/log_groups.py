"""Log groups: create, delete, describe, retention."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from batchyard.clock import microseconds
from batchyard.framework.check import Check
from batchyard.framework.context import Context
from batchyard.services.logs.deletions import delete_group
from batchyard.services.logs.resources import EVERY_GROUP, GROUP, group_name, log_group
from batchyard.services.logs.service import logs
from batchyard.services.logs.tables import log_groups
from batchyard.store.prepared import Row

if TYPE_CHECKING:
    from types_boto3_logs.type_defs import (
        CreateLogGroupRequestTypeDef,
        DeleteLogGroupRequestTypeDef,
        DeleteRetentionPolicyRequestTypeDef,
        DescribeLogGroupsRequestTypeDef,
        PutRetentionPolicyRequestTypeDef,
    )

_RETENTION_DAYS = frozenset(
    {1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}
)


def now_ms(ctx: Context) -> int:
    """The current time as CloudWatch Logs tells times: milliseconds since 1970."""
    return microseconds(ctx.now) // 1000


def _tags_on_creation(ctx: Context, request: Any) -> Iterable[Check]:
    """Tags given at creation need logs:TagResource, too (recorded: DataDog/cloudformation-template#61)."""
    if request.get("tags"):
        refusal = (
            f"User with accountId: {ctx.account} is not authorized to perform CreateLogGroup with Tags."
            ' An additional permission "logs:TagResource" is required.'
        )
        arn = log_group.arn(ctx, request["logGroupName"])
        yield Check(resource=arn, action="logs:TagResource", refusal=refusal)


@logs.operation(on=(GROUP, _tags_on_creation), writes=True, tags="tags", honours={"logGroupName", "tags"})
def create_log_group(ctx: Context, request: CreateLogGroupRequestTypeDef) -> None:
    """Make an empty group; a name in use is a ResourceAlreadyExistsException."""
    name = request["logGroupName"]
    log_group.refuse_taken(ctx, name)
    ctx.write.run(
        insert(log_groups).values(
            account=ctx.account,
            region=ctx.region,
            name=name,
            created_ms=now_ms(ctx),
            stored_bytes=0,
            tags=request.get("tags", {}),
        )
    )


@logs.operation(on=GROUP, writes=True)
def delete_log_group(ctx: Context, request: DeleteLogGroupRequestTypeDef) -> None:
    """Delete a group with its streams and events."""
    group = log_group.require(ctx, group_name(request))
    delete_group(ctx, group)


@logs.operation(on=GROUP, writes=True)
def put_retention_policy(ctx: Context, request: PutRetentionPolicyRequestTypeDef) -> None:
    """Set after how many days events are no longer shown."""
    days = request["retentionInDays"]
    if days not in _RETENTION_DAYS:
        raise logs.error.InvalidParameterException(
            f"1 validation error detected: Value '{days}' at 'retentionInDays' failed to satisfy constraint:"
            f" Member must satisfy enum value set: {sorted(_RETENTION_DAYS)}"
        )
    _set_retention(ctx, log_group.require(ctx, group_name(request)), days)


@logs.operation(on=GROUP, writes=True)
def delete_retention_policy(ctx: Context, request: DeleteRetentionPolicyRequestTypeDef) -> None:
    """Keep events for ever again."""
    _set_retention(ctx, log_group.require(ctx, group_name(request)), None)


@logs.operation(on=EVERY_GROUP, honours={"logGroupNamePrefix", "logGroupNamePattern", "nextToken", "limit"})
def describe_log_groups(ctx: Context, request: DescribeLogGroupsRequestTypeDef) -> dict[str, Any]:
    """The groups of the account in this Region, by name."""
    limit = request.get("limit", 50)
    pattern = request.get("logGroupNamePattern", "")
    found: list[Row] = []
    after = request.get("nextToken", "")
    for row in _groups_after(ctx, request.get("logGroupNamePrefix", ""), after, limit + 1):
        if len(found) == limit or (after and ctx.effort.is_used_up):
            return {"logGroups": [_shown(ctx, one) for one in found], "nextToken": after}
        ctx.effort.spend(_PER_GROUP)
        after = row.name
        if pattern in row.name:
            found.append(row)
    return {"logGroups": [_shown(ctx, row) for row in found]}


_PER_GROUP = 8.0
"""Microseconds for a group that is read and compared; few are told."""
_CHUNK = 200


def _groups_after(ctx: Context, prefix: str, after: str, size: int) -> Iterator[Row]:
    name = log_groups.c.name
    query = (
        select(log_groups)
        .where(log_groups.c.account == ctx.account)
        .where(log_groups.c.region == ctx.region)
        .order_by(name)
    )
    if prefix:
        query = query.where(name >= prefix).where(name < prefix + "\U0010ffff")
    while True:
        rows = ctx.read.all(query.where(name > after).limit(size))
        yield from rows
        if len(rows) < size:
            return
        after, size = rows[-1].name, _CHUNK


def _set_retention(ctx: Context, group: Row, days: int | None) -> None:
    ctx.write.run(update(log_groups).where(log_groups.c.id == group.id).values(retention_days=days))


def _shown(ctx: Context, group: Row) -> dict[str, Any]:
    arn = log_group.arn(ctx, group.name)
    shown = {
        "logGroupName": group.name,
        "creationTime": group.created_ms,
        "metricFilterCount": 0,
        "arn": f"{arn}:*",
        "logGroupArn": arn,
        "storedBytes": group.stored_bytes,
        "logGroupClass": "STANDARD",
    }
    if group.retention_days is not None:
        shown["retentionInDays"] = group.retention_days
    return shown
