"""The nouns of CloudWatch Logs: their ARNs, lookups, and the targets that its operations are checked on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import bindparam, select

from batchyard.framework.check import Check, Target
from batchyard.framework.context import Context
from batchyard.framework.noun import Noun, Words
from batchyard.framework.rows import Rows
from batchyard.services.logs.service import logs
from batchyard.services.logs.tables import log_groups, log_streams
from batchyard.store.prepared import Prepared, Row

_FIND_STREAM = Prepared(
    select(log_streams)
    .where(log_streams.c.group_id == bindparam("group_id"))
    .where(log_streams.c.name == bindparam("name"))
)
log_group: Noun[Row] = Noun(
    logs,
    "log-group:{name}",
    Rows(log_groups, order="name"),
    words=Words(
        lambda ctx, given: logs.error.ResourceNotFoundException("The specified log group does not exist."),
        lambda ctx, name: logs.error.ResourceAlreadyExistsException("The specified log group already exists"),
    ),
    given="either",
)


def stream_arn(ctx: Context, group: str, stream: str) -> str:
    """The ARN of a log stream."""
    return f"{log_group.arn(ctx, group)}:log-stream:{stream}"


def group_name(request: Any) -> str:
    """The group that a request names, by name or by identifier (an ARN, perhaps ending in `:*`)."""
    if "logGroupName" in request:
        return str(request["logGroupName"])
    identifier = str(request.get("logGroupIdentifier") or request.get("resourceArn") or "")
    if identifier.startswith("arn:"):
        return identifier.split(":log-group:", 1)[-1].removesuffix(":*")
    return identifier


def find_stream(ctx: Context, group: Row, name: str) -> Row | None:
    """The stream's row, or None."""
    return ctx.read.first(_FIND_STREAM, group_id=group.id, name=name)


def require_stream(ctx: Context, request: Any) -> Row:
    """The row of the stream that a request names; raises ResourceNotFoundException."""
    stream = find_stream(ctx, log_group.require(ctx, group_name(request)), request["logStreamName"])
    if stream is None:
        raise logs.error.ResourceNotFoundException("The specified log stream does not exist.")
    return stream


def group_target(ctx: Context, request: Any) -> Iterable[Check]:
    """The group, in the form that denials show: `log-group:<name>:log-stream:<stream, if any>`."""
    name = group_name(request)
    yield Check(
        resource=stream_arn(ctx, name, request.get("logStreamName", "")),
        tags=lambda: log_group.find_tags(ctx, log_group.arn(ctx, name)),
    )


def every_group(ctx: Context, request: Any) -> Iterable[Check]:
    """What DescribeLogGroups is checked on: `log-group::log-stream:`."""
    yield Check(resource=stream_arn(ctx, "", ""))


GROUP: Target = group_target
EVERY_GROUP: Target = every_group
