"""Log streams: create, delete, describe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, bindparam, false, insert, select

from batchyard.framework.context import Context
from batchyard.framework.whole_numbers import whole_number
from batchyard.services.logs.deletions import delete_stream
from batchyard.services.logs.log_groups import now_ms
from batchyard.services.logs.resources import (
    GROUP,
    find_stream,
    group_name,
    log_group,
    require_stream,
    stream_arn,
)
from batchyard.services.logs.service import logs
from batchyard.services.logs.tables import log_streams
from batchyard.store.prepared import Prepared, Row

if TYPE_CHECKING:
    from types_boto3_logs.type_defs import (
        CreateLogStreamRequestTypeDef,
        DeleteLogStreamRequestTypeDef,
        DescribeLogStreamsRequestTypeDef,
    )

_INSERT = Prepared(
    insert(log_streams).values(
        account=bindparam("account"),
        group_id=bindparam("group_id"),
        name=bindparam("name"),
        created_ms=bindparam("created_ms"),
        stored_bytes=0,
    )
)


@logs.operation(on=GROUP, writes=True)
def create_log_stream(ctx: Context, request: CreateLogStreamRequestTypeDef) -> None:
    """Make an empty stream in a group; a name in use is a ResourceAlreadyExistsException."""
    group = log_group.require(ctx, request["logGroupName"])
    if find_stream(ctx, group, request["logStreamName"]) is not None:
        raise logs.error.ResourceAlreadyExistsException("The specified log stream already exists")
    ctx.write.run(
        _INSERT,
        account=ctx.account,
        group_id=group.id,
        name=request["logStreamName"],
        created_ms=now_ms(ctx),
    )


@logs.operation(on=GROUP, writes=True)
def delete_log_stream(ctx: Context, request: DeleteLogStreamRequestTypeDef) -> None:
    """Delete a stream with its events."""
    stream = require_stream(ctx, request)
    delete_stream(ctx, stream)


@logs.operation(on=GROUP)
def describe_log_streams(ctx: Context, request: DescribeLogStreamsRequestTypeDef) -> dict[str, Any]:
    """The streams of a group, by name or by their last event."""
    name = group_name(request)
    group = log_group.require(ctx, name)
    by_time = request.get("orderBy") == "LastEventTime"
    if by_time and "logStreamNamePrefix" in request:
        raise logs.error.InvalidParameterException(
            "Cannot order by LastEventTime with a logStreamNamePrefix."
        )
    limit = request.get("limit", 50)
    rows = ctx.read.all(_query(group, request, by_time=by_time).limit(limit + 1))
    answer: dict[str, Any] = {"logStreams": [_shown(ctx, name, row) for row in rows[:limit]]}
    if len(rows) > limit:
        last = rows[limit - 1]
        answer["nextToken"] = f"{last.last_event_ms or ''}/{last.name}" if by_time else last.name
    return answer


def _query(group: Row, request: Any, *, by_time: bool) -> Any:
    streams = log_streams.c
    query = select(log_streams).where(streams.group_id == group.id)
    descending = request.get("descending", False)
    after = request.get("nextToken")
    if not by_time:
        if "logStreamNamePrefix" in request:
            prefix = request["logStreamNamePrefix"]
            query = query.where(streams.name >= prefix).where(streams.name < prefix + "\U0010ffff")
        if after is not None:
            query = query.where(streams.name < after if descending else streams.name > after)
        return query.order_by(streams.name.desc() if descending else streams.name)
    if after is not None:
        query = query.where(_beyond(after, descending=descending))
    order = streams.last_event_ms.desc() if descending else streams.last_event_ms
    return query.order_by(order, streams.name)


def _beyond(after: str, *, descending: bool) -> Any:
    """What follows a position by time; streams without events come before all others in time."""
    last, (text, _, name) = log_streams.c.last_event_ms, after.partition("/")
    moment = whole_number(text)
    beyond: ColumnElement[bool]
    if moment is None:
        beyond = false() if descending else last.is_not(None)
    else:
        beyond = (last < moment) | last.is_(None) if descending else last > moment
    return beyond | (last.is_not_distinct_from(moment) & (log_streams.c.name > name))


def _shown(ctx: Context, group: str, stream: Row) -> dict[str, Any]:
    shown = {
        "logStreamName": stream.name,
        "creationTime": stream.created_ms,
        "arn": stream_arn(ctx, group, stream.name),
        "storedBytes": 0,
        "uploadSequenceToken": f"{stream.id:056}",
    }
    if stream.last_event_ms is not None:
        shown["firstEventTimestamp"] = stream.first_event_ms
        shown["lastEventTimestamp"] = stream.last_event_ms
        shown["lastIngestionTime"] = stream.last_ingestion_ms
    return shown
