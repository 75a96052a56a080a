"""Log events in their order, read a chunk at a time: nobody holds more of them than an answer takes.

An answer has at most 10,000 events and 1 MiB of them (API reference, GetLogEvents and FilterLogEvents).
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, select

from batchyard.framework.pagination import InvalidToken
from batchyard.framework.whole_numbers import whole_number
from batchyard.services.logs.tables import log_events
from batchyard.store.prepared import Row
from batchyard.store.transaction import Transaction

LARGEST_PAGE = 10_000
LARGEST_PAGE_BYTES = 1_048_576
_FIRST_CHUNK, _LARGEST_CHUNK = 64, 1024


class Position(NamedTuple):
    """Where an event stands among others."""

    timestamp_ms: int
    id: int


class Span(NamedTuple):
    """Timestamps from `first` on and before `end`, if it is given."""

    first: int
    end: int | None


def position_of(row: Row) -> Position:
    """An event's position."""
    return Position(row.timestamp_ms, row.id)


def written(position: Position) -> str:
    """A position as text."""
    return f"{position.timestamp_ms}:{position.id}"


def read_position(text: str) -> Position:
    """The position that a text tells; raises InvalidToken."""
    first, _, second = text.partition(":")
    moment, identity = whole_number(first), whole_number(second)
    if moment is None or identity is None:
        raise InvalidToken(text)
    return Position(moment, identity)


def of_group(tx: Transaction, group_id: int, span: Span, after: Position | None) -> Iterator[Row]:
    """A group's events, oldest first, from behind a position on."""
    return _chunked(tx, log_events.c.group_id == group_id, span, after, forward=True)


def of_streams(
    tx: Transaction, stream_ids: Sequence[int], span: Span, after: Position | None, *, forward: bool = True
) -> Iterator[Row]:
    """The events of some streams, oldest first, or backward from before a position."""
    each = [_chunked(tx, log_events.c.stream_id == one, span, after, forward=forward) for one in stream_ids]
    return heapq.merge(*each, key=position_of, reverse=not forward)


def _chunked(
    tx: Transaction, place: ColumnElement[bool], span: Span, after: Position | None, *, forward: bool
) -> Iterator[Row]:
    size = _FIRST_CHUNK
    while True:
        rows = tx.all(_chunk(place, span, after, forward=forward).limit(size))
        yield from rows
        if len(rows) < size:
            return
        after = position_of(rows[-1])
        if sum(len(row.message) for row in rows) < LARGEST_PAGE_BYTES // 4:
            size = min(2 * size, _LARGEST_CHUNK)


def _chunk(place: ColumnElement[bool], span: Span, after: Position | None, *, forward: bool) -> Any:
    moment, identity = log_events.c.timestamp_ms, log_events.c.id
    first, end = span
    query = select(log_events).where(place)
    if after is not None and forward:
        first = max(first, after.timestamp_ms)
        query = query.where((moment > after.timestamp_ms) | (identity > after.id))
    elif after is not None:
        query = query.where(moment <= after.timestamp_ms)
        query = query.where((moment < after.timestamp_ms) | (identity < after.id))
    query = query.where(moment >= first)
    if end is not None:
        query = query.where(moment < end)
    key = (moment, identity) if forward else (moment.desc(), identity.desc())
    return query.order_by(*key)
