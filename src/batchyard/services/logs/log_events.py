"""Log events: put, get, filter."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, insert, select, update

from batchyard.framework.context import Context
from batchyard.framework.pagination import InvalidToken
from batchyard.services.logs.deletions import deleted_streams
from batchyard.services.logs.event_reading import (
    LARGEST_PAGE,
    LARGEST_PAGE_BYTES,
    Position,
    Span,
    of_group,
    of_streams,
    position_of,
    read_position,
    written,
)
from batchyard.services.logs.log_groups import now_ms
from batchyard.services.logs.resources import GROUP, group_name, log_group, require_stream
from batchyard.services.logs.service import logs
from batchyard.services.logs.tables import log_events, log_groups, log_streams
from batchyard.store.prepared import Prepared, Row

if TYPE_CHECKING:
    from types_boto3_logs.type_defs import (
        FilterLogEventsRequestTypeDef,
        GetLogEventsRequestTypeDef,
        PutLogEventsRequestTypeDef,
    )

LARGEST_BATCH_BYTES = 1_048_576
EVENT_OVERHEAD_BYTES = 26
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
def put_log_events(ctx: Context, request: PutLogEventsRequestTypeDef) -> dict[str, Any]:
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
    expired = _forget_expired(ctx, log_group.require(ctx, group_name(request)))
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


_FORGOTTEN_AT_ONCE = 2 * LARGEST_PAGE
"""More than a call can put, so that all goes in the end."""


def _forget_expired(ctx: Context, group: Row) -> int:
    """Delete some of what the group's retention lets go; answers `_expired_before`."""
    expired = _expired_before(ctx, group)
    if expired:
        events = log_events.c
        some = select(events.id).where(events.group_id == group.id, events.timestamp_ms < expired)
        ctx.write.run(delete(log_events).where(events.id.in_(some.limit(_FORGOTTEN_AT_ONCE))))
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
def get_log_events(ctx: Context, request: GetLogEventsRequestTypeDef) -> dict[str, Any]:
    """A page of one stream's events, oldest first; a token that leads nowhere is given back unchanged."""
    stream = require_stream(ctx, request)
    span = _span(ctx, log_group.require(ctx, group_name(request)), request)
    token = request.get("nextToken")
    direction, position = _direction(token, from_head=request.get("startFromHead", False))
    after = read_position(position) if position else None
    found = of_streams(ctx.read, [stream.id], span, after, forward=direction == "f")
    rows = list(_page(ctx, found, request.get("limit", LARGEST_PAGE)))
    if direction == "b":
        rows.reverse()
    return {
        "events": [
            {"timestamp": row.timestamp_ms, "message": row.message, "ingestionTime": row.ingestion_ms}
            for row in rows
        ],
        "nextForwardToken": _token("f", rows[-1]) if rows else _unmoved("f", token, position),
        "nextBackwardToken": _token("b", rows[0]) if rows else _unmoved("b", token, position),
    }


def _span(ctx: Context, group: Row, request: Any) -> Span:
    return Span(max(_expired_before(ctx, group), request.get("startTime", 0)), request.get("endTime"))


def _page(ctx: Context, rows: Iterable[Row], limit: int) -> Iterator[Row]:
    """As many rows as an answer may have."""
    size = 0
    for number, row in enumerate(rows):
        size += len(row.message) + EVENT_OVERHEAD_BYTES
        if number == limit or (number and (size > LARGEST_PAGE_BYTES or ctx.effort.is_used_up)):
            return
        ctx.effort.spend(_PER_EVENT + _PER_CHARACTER * len(row.message))
        yield row


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


@logs.operation(on=GROUP, refuses=("unmask",))
def filter_log_events(ctx: Context, request: FilterLogEventsRequestTypeDef) -> dict[str, Any]:
    """Events of a group's streams that contain every term of the pattern (terms and quoted phrases only)."""
    group = log_group.require(ctx, group_name(request))
    limit = request.get("limit", LARGEST_PAGE)
    terms = list(dict.fromkeys(_terms(request.get("filterPattern", ""))))
    after = read_position(request["nextToken"]) if "nextToken" in request else None
    rows, is_of_stream = _searched(ctx, group, request, after)
    found: list[Row] = []
    size = 0
    for row in rows:
        if len(found) == limit or (after and (size > LARGEST_PAGE_BYTES or ctx.effort.is_used_up)):
            return {**_told(ctx, found), "nextToken": written(after)} if after else _told(ctx, found)
        after = position_of(row)
        length = len(row.message)
        ctx.effort.spend(_PER_EVENT + _PER_CHARACTER * length * (1 + sum(map(len, terms))))
        if is_of_stream(row) and all(term in row.message for term in terms):
            found.append(row)
            size += length + EVENT_OVERHEAD_BYTES
    return _told(ctx, found)


_PER_EVENT, _PER_CHARACTER = 6.0, 0.0005
"""Microseconds for an event that is read and told, and for each of its characters (times those of the terms)."""
_PER_STREAM = 150.0
"""Microseconds to look a stream up."""
_MOST_MERGED = 100


def _searched(
    ctx: Context, group: Row, request: Any, after: Position | None
) -> tuple[Iterator[Row], Callable[[Row], bool]]:
    """Events from behind a position on, and whether any is of a stream that is asked for."""
    span = _span(ctx, group, request)
    names, prefix = request.get("logStreamNames"), request.get("logStreamNamePrefix")
    if names is None and prefix is None:
        deleted = deleted_streams(ctx, group)
        return of_group(ctx.read, group.id, span, after), lambda row: row.stream_id not in deleted
    streams = log_streams.c
    query = select(streams.id).where(streams.group_id == group.id)
    if names is not None:
        query = query.where(streams.name.in_(names))
    if prefix is not None:
        query = query.where(streams.name >= prefix).where(streams.name < prefix + "\U0010ffff")
    wanted = [row.id for row in ctx.read.all(query.limit(_MOST_MERGED + 1))]
    if len(wanted) <= _MOST_MERGED:
        return of_streams(ctx.read, wanted, span, after), lambda row: True
    known: dict[int, bool] = {}

    def is_of_stream(row: Row) -> bool:
        if row.stream_id not in known:
            ctx.effort.spend(_PER_STREAM)
            known[row.stream_id] = bool(ctx.read.all(query.where(streams.id == row.stream_id)))
        return known[row.stream_id]

    return of_group(ctx.read, group.id, span, after), is_of_stream


def _told(ctx: Context, rows: list[Row]) -> dict[str, Any]:
    streams = log_streams.c
    ids = sorted({row.stream_id for row in rows})
    names = {
        row.id: row.name
        for start in range(0, len(ids), 500)
        for row in ctx.read.all(
            select(streams.id, streams.name).where(streams.id.in_(ids[start : start + 500]))
        )
    }
    found = [
        {
            "logStreamName": names[row.stream_id],
            "timestamp": row.timestamp_ms,
            "message": row.message,
            "ingestionTime": row.ingestion_ms,
            "eventId": f"{row.id:056}",
        }
        for row in rows
    ]
    return {"events": found, "searchedLogStreams": []}


def _terms(pattern: str) -> list[str]:
    """The words and quoted phrases of a filter pattern; other syntax is not built, and not misread."""
    if pattern.strip()[:1] in ("{", "[", "%") or "?" in pattern or " -" in f" {pattern}":
        raise _PATTERNS("filter patterns with more than words and quoted phrases")
    terms: list[str] = []
    for index, part in enumerate(pattern.split('"')):
        terms.extend([part] if index % 2 and part else part.split() if not index % 2 else [])
    return terms
