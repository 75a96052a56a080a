"""Log events: put, get, filter.

Texts of errors without a source were not compared with AWS's [guess].
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select, update

from batchyard.framework.context import Context
from batchyard.framework.pagination import InvalidToken
from batchyard.framework.whole_numbers import whole_number
from batchyard.services.logs.log_groups import now_ms
from batchyard.services.logs.resources import GROUP, group_name, require_group, require_stream
from batchyard.services.logs.service import logs
from batchyard.services.logs.tables import log_events, log_groups, log_streams
from batchyard.store.prepared import Prepared, Row

LARGEST_BATCH_BYTES = 1_048_576
EVENT_OVERHEAD_BYTES = 26
LARGEST_PAGE = 10_000
_DAY_MS = 86_400_000
_OLDEST_MS = 14 * _DAY_MS
_NEWEST_MS = 2 * 3_600_000

_PATTERNS = logs.unbuilt("`filterPattern` with more than words and quoted phrases", on=["FilterLogEvents"])
_INSERT = Prepared(
    insert(log_events).values(
        {column.name: bindparam(column.name) for column in log_events.c if column.name != "id"}
    )
)


@logs.operation(on=GROUP, writes=True, refuses=("entity",))
def put_log_events(ctx: Context, request: Any) -> dict[str, Any]:
    """Append events to a stream; those too old or too new are left out and told, as AWS does."""
    stream = require_stream(ctx, request)
    events = request["logEvents"]
    size = sum(len(event["message"].encode()) + EVENT_OVERHEAD_BYTES for event in events)
    if size > LARGEST_BATCH_BYTES:
        raise logs.error.InvalidParameterException(
            f"Upload too large: {size} bytes exceeds limit of {LARGEST_BATCH_BYTES}"
        )
    times = [event["timestamp"] for event in events]
    if times != sorted(times):
        raise logs.error.InvalidParameterException(
            "Log events in a single PutLogEvents request must be in chronological order."
        )
    now = now_ms(ctx)
    expired = _forget_expired(ctx, require_group(ctx, group_name(request)))
    oldest = max(now - _OLDEST_MS, expired)
    kept = [event for event in events if oldest <= event["timestamp"] <= now + _NEWEST_MS]
    ctx.write.run_many(
        _INSERT,
        [
            {
                "account": ctx.account,
                "group_id": stream.group_id,
                "stream_id": stream.id,
                "timestamp_ms": event["timestamp"],
                "ingestion_ms": now,
                "message": event["message"],
            }
            for event in kept
        ],
    )
    if kept:
        _count(ctx, stream, kept, size)
    answer: dict[str, Any] = {"nextSequenceToken": f"{stream.id:056}"}
    rejected = _rejected(times, now, expired)
    if rejected:
        answer["rejectedLogEventsInfo"] = rejected
    return answer


def _count(ctx: Context, stream: Any, kept: list[Any], size: int) -> None:
    first, last = kept[0]["timestamp"], kept[-1]["timestamp"]
    ctx.write.run(
        update(log_streams)
        .where(log_streams.c.id == stream.id)
        .values(
            first_event_ms=min(first, stream.first_event_ms or first),
            last_event_ms=max(last, stream.last_event_ms or last),
            last_ingestion_ms=now_ms(ctx),
            stored_bytes=log_streams.c.stored_bytes + size,
        )
    )
    ctx.write.run(
        update(log_groups)
        .where(log_groups.c.id == stream.group_id)
        .values(stored_bytes=log_groups.c.stored_bytes + size)
    )


def _expired_before(ctx: Context, group: Row) -> int:
    """The timestamp before which the group's retention lets events no longer be shown; 0 where it keeps all."""
    return now_ms(ctx) - group.retention_days * _DAY_MS if group.retention_days else 0


def _forget_expired(ctx: Context, group: Row) -> int:
    """Delete what the group's retention lets go; answers `_expired_before`."""
    expired = _expired_before(ctx, group)
    if expired:
        events = log_events.c
        ctx.write.run(delete(log_events).where(events.group_id == group.id, events.timestamp_ms < expired))
    return expired


def _rejected(times: list[int], now: int, expired: int) -> dict[str, int]:
    old = sum(1 for moment in times if moment < now - _OLDEST_MS)
    gone = sum(1 for moment in times if moment < expired)
    new = next((index for index, moment in enumerate(times) if moment > now + _NEWEST_MS), None)
    rejected: dict[str, int] = {}
    if old:
        rejected["tooOldLogEventEndIndex"] = old
    if gone:
        rejected["expiredLogEventEndIndex"] = gone
    if new is not None:
        rejected["tooNewLogEventStartIndex"] = new
    return rejected


@logs.operation(on=GROUP, refuses=("unmask",))
def get_log_events(ctx: Context, request: Any) -> dict[str, Any]:
    """A page of one stream's events, oldest first; a token that leads nowhere is given back unchanged."""
    stream = require_stream(ctx, request)
    expired = _expired_before(ctx, require_group(ctx, group_name(request)))
    token = request.get("nextToken")
    direction, position = _direction(token, from_head=request.get("startFromHead", False))
    limit = request.get("limit", LARGEST_PAGE)
    events = log_events.c
    query = select(log_events).where(events.stream_id == stream.id, events.timestamp_ms >= expired)
    query = _within(query, request)
    key = (events.timestamp_ms, events.id)
    if direction == "f":
        if position:
            query = query.where(_beyond(position, forward=True))
        rows = list(ctx.read.all(query.order_by(*key).limit(limit)))
    else:
        if position:
            query = query.where(_beyond(position, forward=False))
        rows = list(reversed(ctx.read.all(query.order_by(*(one.desc() for one in key)).limit(limit))))
    return {
        "events": [
            {"timestamp": row.timestamp_ms, "message": row.message, "ingestionTime": row.ingestion_ms}
            for row in rows
        ],
        "nextForwardToken": _token("f", rows[-1]) if rows else _unmoved("f", token, position),
        "nextBackwardToken": _token("b", rows[0]) if rows else _unmoved("b", token, position),
    }


def _direction(token: str | None, *, from_head: bool) -> tuple[str, str]:
    if token is None:
        return ("f" if from_head else "b"), ""
    direction, _, rest = token.partition("/")
    if direction not in ("f", "b"):
        raise InvalidToken(token)
    return direction, rest


def _token(direction: str, row: Any) -> str:
    return f"{direction}/{row.timestamp_ms}:{row.id}"


def _unmoved(direction: str, token: str | None, position: str) -> str:
    return token if token and token.startswith(direction) else f"{direction}/{position or '0:0'}"


def _beyond(position: str, *, forward: bool) -> Any:
    first, _, second = position.partition(":")
    moment, identity = whole_number(first), whole_number(second)
    if moment is None or identity is None:
        raise InvalidToken(position)
    events = log_events.c
    if forward:
        return (events.timestamp_ms > moment) | ((events.timestamp_ms == moment) & (events.id > identity))
    return (events.timestamp_ms < moment) | ((events.timestamp_ms == moment) & (events.id < identity))


def _within(query: Any, request: Any) -> Any:
    if "startTime" in request:
        query = query.where(log_events.c.timestamp_ms >= request["startTime"])
    if "endTime" in request:
        query = query.where(log_events.c.timestamp_ms < request["endTime"])
    return query


@logs.operation(on=GROUP, refuses=("unmask",))
def filter_log_events(ctx: Context, request: Any) -> dict[str, Any]:
    """Events of a group's streams that contain every term of the pattern (terms and quoted phrases only)."""
    group = require_group(ctx, group_name(request))
    limit = request.get("limit", LARGEST_PAGE)
    events, streams = log_events.c, log_streams.c
    query = (
        select(log_events, streams.name.label("stream_name"))
        .join(log_streams, streams.id == events.stream_id)
        .where(events.group_id == group.id, events.timestamp_ms >= _expired_before(ctx, group))
        .order_by(events.timestamp_ms, events.id)
        .limit(limit + 1)
    )
    if "logStreamNames" in request:
        query = query.where(streams.name.in_(request["logStreamNames"]))
    if "logStreamNamePrefix" in request:
        prefix = request["logStreamNamePrefix"]
        query = query.where(streams.name >= prefix).where(streams.name < prefix + "\U0010ffff")
    for term in _terms(request.get("filterPattern", "")):
        query = query.where(func.instr(events.message, term) > 0)
    if "nextToken" in request:
        query = query.where(_beyond(request["nextToken"], forward=True))
    rows = ctx.read.all(_within(query, request))
    answer: dict[str, Any] = {"events": [_found(row) for row in rows[:limit]], "searchedLogStreams": []}
    if len(rows) > limit:
        answer["nextToken"] = f"{rows[limit - 1].timestamp_ms}:{rows[limit - 1].id}"
    return answer


def _found(row: Any) -> dict[str, Any]:
    return {
        "logStreamName": row.stream_name,
        "timestamp": row.timestamp_ms,
        "message": row.message,
        "ingestionTime": row.ingestion_ms,
        "eventId": f"{row.id:056}",
    }


def _terms(pattern: str) -> list[str]:
    """The words and quoted phrases of a filter pattern; other syntax is not built, and not misread."""
    if pattern.strip()[:1] in ("{", "[", "%") or "?" in pattern or " -" in f" {pattern}":
        raise _PATTERNS("filter patterns with more than words and quoted phrases")
    terms: list[str] = []
    for index, part in enumerate(pattern.split('"')):
        terms.extend([part] if index % 2 and part else part.split() if not index % 2 else [])
    return terms
