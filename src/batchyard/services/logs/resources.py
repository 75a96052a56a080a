"""The nouns of CloudWatch Logs: their ARNs, lookups, and the targets that its operations are checked on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import bindparam, select

from batchyard.framework.check import Check, Tags, Target
from batchyard.framework.context import Context
from batchyard.services.logs.service import logs
from batchyard.services.logs.tables import log_groups, log_streams
from batchyard.store.prepared import Prepared, Row

_FIND_GROUP = Prepared(
    select(log_groups)
    .where(log_groups.c.account == bindparam("account"))
    .where(log_groups.c.region == bindparam("region"))
    .where(log_groups.c.name == bindparam("name"))
)
_FIND_STREAM = Prepared(
    select(log_streams)
    .where(log_streams.c.group_id == bindparam("group_id"))
    .where(log_streams.c.name == bindparam("name"))
)


def group_arn(ctx: Context, name: str) -> str:
    """The ARN of a log group, without the `:*` that some answers carry."""
    return f"arn:{ctx.partition}:logs:{ctx.region}:{ctx.account}:log-group:{name}"


def stream_arn(ctx: Context, group: str, stream: str) -> str:
    """The ARN of a log stream."""
    return f"{group_arn(ctx, group)}:log-stream:{stream}"


def group_name(request: Any) -> str:
    """The group that a request names, by name or by identifier (an ARN, perhaps ending in `:*`)."""
    if "logGroupName" in request:
        return str(request["logGroupName"])
    identifier = str(request.get("logGroupIdentifier") or request.get("resourceArn") or "")
    if identifier.startswith("arn:"):
        return identifier.split(":log-group:", 1)[-1].removesuffix(":*")
    return identifier


def find_group(ctx: Context, name: str) -> Row | None:
    """The group's row, or None."""
    return ctx.read.first(_FIND_GROUP, account=ctx.account, region=ctx.region, name=name)


def require_group(ctx: Context, name: str) -> Row:
    """The group's row; raises ResourceNotFoundException."""
    group = find_group(ctx, name)
    if group is None:
        raise logs.error.ResourceNotFoundException("The specified log group does not exist.")
    return group


def find_stream(ctx: Context, group: Row, name: str) -> Row | None:
    """The stream's row, or None."""
    return ctx.read.first(_FIND_STREAM, group_id=group.id, name=name)


def require_stream(ctx: Context, request: Any) -> Row:
    """The row of the stream that a request names; raises ResourceNotFoundException."""
    stream = find_stream(ctx, require_group(ctx, group_name(request)), request["logStreamName"])
    if stream is None:
        raise logs.error.ResourceNotFoundException("The specified log stream does not exist.")
    return stream


def _group_tags(ctx: Context, name: str) -> Tags | None:
    group = find_group(ctx, name)
    return None if group is None else group.tags


def group_target(ctx: Context, request: Any) -> Iterable[Check]:
    """The group, in the form that denials show: `log-group:<name>:log-stream:<stream, if any>`."""
    name = group_name(request)
    yield Check(
        resource=stream_arn(ctx, name, request.get("logStreamName", "")),
        tags=lambda: _group_tags(ctx, name),
    )


def tagged_target(ctx: Context, request: Any) -> Iterable[Check]:
    """The group whose ARN a tag operation names."""
    name = group_name(request)
    yield Check(resource=group_arn(ctx, name), tags=lambda: _group_tags(ctx, name))


def every_group(ctx: Context, request: Any) -> Iterable[Check]:
    """What DescribeLogGroups is checked on: `log-group::log-stream:`."""
    yield Check(resource=stream_arn(ctx, "", ""))


GROUP: Target = group_target
TAGGED: Target = tagged_target
EVERY_GROUP: Target = every_group
