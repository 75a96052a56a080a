"""LookupEvents: the event history of an account in one Region, newest first."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, Text, select, type_coerce

from batchyard.audit.tables import event_resources, events
from batchyard.audit.trail import short_name
from batchyard.framework.check import ANY
from batchyard.framework.context import Context
from batchyard.framework.pagination import InvalidToken, decode_token, encode_token
from batchyard.services.cloudtrail.records import shown
from batchyard.services.cloudtrail.service import cloudtrail
from batchyard.store.types import encode

MOST_EVENTS = 50

_COLUMNS = {
    "EventName": events.c.name,
    "Username": events.c.username,
    "EventId": events.c.event_id,
    "EventSource": events.c.source,
}


@cloudtrail.operation(on=ANY, refuses=("EventCategory",))
def lookup_events(ctx: Context, request: Any) -> dict[str, Any]:
    """A page of events that match the attribute (one at most) and the time range."""
    limit = request.get("MaxResults", MOST_EVENTS)
    query = _scoped(ctx, request).order_by(events.c.sequence.desc()).limit(limit + 1)
    if "StartTime" in request and "EndTime" in request and request["StartTime"] > request["EndTime"]:
        raise cloudtrail.error.InvalidTimeRangeException("Start time is after end time.")
    if "StartTime" in request:
        query = query.where(events.c.event_time >= request["StartTime"])
    if "EndTime" in request:
        query = query.where(events.c.event_time <= request["EndTime"])
    if "NextToken" in request:
        query = query.where(events.c.sequence < _position(request["NextToken"]))
    rows = ctx.read.all(query)
    answer: dict[str, Any] = {"Events": [shown(row) for row in rows[:limit]]}
    if len(rows) > limit:
        answer["NextToken"] = encode_token(str(rows[limit - 1].sequence))
    return answer


def _scoped(ctx: Context, request: Any) -> Select[Any]:
    attributes = request.get("LookupAttributes", ())
    if len(attributes) > 1:
        raise cloudtrail.error.InvalidLookupAttributesException("You can only specify one lookup attribute.")
    query = (
        select(events)
        .where(events.c.account == ctx.account)
        .where(events.c.partition == ctx.partition)
        .where(events.c.region == ctx.region)
    )
    for attribute in attributes:
        query = _matching(ctx, query, attribute["AttributeKey"], attribute["AttributeValue"])
    return query


def _matching(ctx: Context, query: Select[Any], key: str, value: str) -> Select[Any]:
    if key == "ResourceName":
        named = (
            (event_resources.c.account == ctx.account)
            & (event_resources.c.partition == ctx.partition)
            & (event_resources.c.region == ctx.region)
            & (event_resources.c.resource_name == short_name(value))
            & (event_resources.c.sequence == events.c.sequence)
        )
        query = query.join(event_resources, named)
        if value.startswith("arn:"):
            query = query.where(
                type_coerce(events.c.resources, Text).contains(encode(value), autoescape=True)
            )
        return query
    column = _COLUMNS.get(key)
    if column is None:
        raise cloudtrail.error.InvalidLookupAttributesException(
            f"Batchyard cannot look events up by {key} yet"
        )
    return query.where(column == value)


def _position(token: str) -> int:
    try:
        return int(decode_token(token))
    except (InvalidToken, ValueError) as error:
        raise cloudtrail.error.InvalidNextTokenException("The specified token is invalid.") from error
