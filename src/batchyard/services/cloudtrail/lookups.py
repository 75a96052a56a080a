"""Finds events by one attribute, the newest first: every lookup reads an index, and no more of it than it answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Column, Select, Text, bindparam, func, literal_column, select, type_coerce

from batchyard.audit.classes import find_classes
from batchyard.audit.resource_types import kind_of
from batchyard.audit.resources import short_name
from batchyard.audit.tables import event_resources, events
from batchyard.clock import from_microseconds
from batchyard.framework.effort import Effort
from batchyard.ids import milliseconds_of
from batchyard.store.prepared import Prepared, Row
from batchyard.store.transaction import Transaction
from batchyard.store.types import UtcTime, encode

_FIRST = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = datetime(9999, 1, 1, tzinfo=UTC)
_ANY_SEQUENCE = 2**62
_LOOKED_AT_ONCE = 500
_PER_LOOKED_AT = 8.0
"""Microseconds for an event whose resources are searched for an ARN."""
_PER_CHARACTER = 0.03
"""Microseconds for a character of an event's request or answer: read, told as JSON, and as a text within JSON."""
_SIZE = (
    func.coalesce(func.length(type_coerce(events.c.request, Text)), 0)
    + func.coalesce(func.length(type_coerce(events.c.response, Text)), 0)
).label("size")


class Place(NamedTuple):
    """Whose event history: an account's in one Region of its partition."""

    account: str
    partition: str
    region: str


class Attribute(NamedTuple):
    """What is looked up by: one of LookupEvents' attribute keys with its value."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class Window:
    """Events from `first` to `last`, both of them too; at `last` only those numbered below `before`."""

    limit: int
    first: datetime = _FIRST
    last: datetime = _LAST
    before: int = _ANY_SEQUENCE

    def after(self, event_time: datetime, sequence: int) -> Window:
        """What is left of the window behind an event: the next page."""
        return Window(self.limit, self.first, event_time, sequence) if event_time <= self.last else self

    def within(self, first: datetime, last: datetime) -> Window:
        """The part of the window within another range."""
        before = self.before if last >= self.last else _ANY_SEQUENCE
        return Window(self.limit, max(first, self.first), min(last, self.last), before)


Position = tuple[datetime, int]
"""An event's time and number."""


class Found(NamedTuple):
    """Events, the newest first. `ended_at`: how far the window was looked through, where that is not to its end."""

    rows: list[Row]
    ended_at: Position | None


def find_events(
    tx: Transaction, place: Place, attribute: Attribute | None, window: Window, effort: Effort
) -> Found:
    """The newest events of the window that have the attribute (all, if none is given).

    By an ARN, each event of another resource with the same short name is effort, and so is what each event holds:
    the search ends where that is used up, behind one event at least.
    """
    ended_at = None
    if attribute is not None and attribute.key == "ResourceName" and attribute.value.startswith("arn:"):
        found, ended_at = _with_arn(tx, place, attribute.value, window, effort)
    else:
        found = sorted(_positions(tx, place, attribute, window), reverse=True)[: window.limit]
    told = _affordable(tx, found, effort)
    if len(told) < len(found):
        ended_at = told[-1]
    rows = tx.all(select(events).where(events.c.sequence.in_([sequence for _, sequence in told])))
    return Found(sorted(rows, key=lambda row: (row.event_time, row.sequence), reverse=True), ended_at)


def _affordable(tx: Transaction, found: list[Position], effort: Effort) -> list[Position]:
    """The first of them whose content is within what a call may do: a request can be megabytes long."""
    named = select(events.c.sequence, _SIZE).where(events.c.sequence.in_([sequence for _, sequence in found]))
    sizes = {row.sequence: row.size for row in tx.all(named)}
    for count, (_, sequence) in enumerate(found, start=1):
        effort.spend(_PER_CHARACTER * sizes[sequence])
        if effort.is_used_up:
            return found[:count]
    return found


def _with_arn(
    tx: Transaction, place: Place, arn: str, window: Window, effort: Effort
) -> tuple[list[Position], Position | None]:
    """Positions of events with a resource of this ARN among those with its short name, some at a time."""
    values = {**place._asdict(), "resource_name": short_name(arn), "arn": encode(arn)}
    found: list[Position] = []
    at_once = window.limit
    while True:
        rows = tx.all(
            BY_ARN, **values, limit=at_once, first=window.first, last=window.last, before=window.before
        )
        found += [(row.event_time, row.sequence) for row in rows if row.has_it]
        if len(found) >= window.limit:
            return found[: window.limit], None
        if len(rows) < at_once:
            return found, None
        last = (rows[-1].event_time, rows[-1].sequence)
        effort.spend(_PER_LOOKED_AT * len(rows))
        if effort.is_used_up:
            return found, last
        window, at_once = window.after(*last), _LOOKED_AT_ONCE


def _positions(
    tx: Transaction, place: Place, attribute: Attribute | None, window: Window
) -> Iterable[tuple[datetime, int]]:
    """(time, sequence) of at least the newest events; each statement answers `limit` of them at most."""
    for statement, values, bounds in _lookups(tx, attribute, window):
        found = tx.all(
            statement,
            **place._asdict(),
            **values,
            limit=bounds.limit,
            first=bounds.first,
            last=bounds.last,
            before=bounds.before,
        )
        yield from ((row.event_time, row.sequence) for row in found)


def _lookups(
    tx: Transaction, attribute: Attribute | None, window: Window
) -> list[tuple[Prepared, dict[str, Any], Window]]:
    """The statements that find an attribute, each with its values and bounds."""
    key, value = attribute or ("", "")
    if key == "EventId":
        made = milliseconds_of(value)
        if made is None:
            return []
        first = from_microseconds(made * 1000)
        bounds = window.within(first, first + timedelta(microseconds=999))
        return [(BY_ID, {"read_only": flag, "event_id": value}, bounds) for flag in (True, False)]
    if key in ("", "ReadOnly"):
        flags = [True, False] if key == "" else [value == "true"]
        return [(BY_READ_ONLY, {"read_only": flag}, window) for flag in flags]
    if key == "AccessKeyId":
        return [(BY_ACCESS_KEY, {"access_key_id": value}, window)]
    if key == "Username":
        return [(BY_USERNAME, {"username": value}, window)]
    if key == "ResourceName":
        return [(BY_RESOURCE_NAME, {"resource_name": value}, window)]
    term = {"EventName": "name", "EventSource": "source", "ResourceType": "kind"}[key]
    classes = find_classes(tx, **{term: kind_of(value) if term == "kind" else value})
    return [(BY_CLASS, {"class_id": one}, window) for one in classes]


def _newest(place: Any, by: Column[Any], *, table: Any = events) -> Select[Any]:
    """Positions by one column, newest first; the account is compared as `place` says."""
    event_time, sequence = table.c.event_time, table.c.sequence
    last = bindparam("last", type_=UtcTime)
    return (
        select(event_time, sequence)
        .where(place)
        .where(by == bindparam(by.name))
        .where(event_time >= bindparam("first", type_=UtcTime))
        .where(event_time <= last)
        .where((event_time < last) | (sequence < bindparam("before")))
        .order_by(event_time.desc(), sequence.desc())
        .limit(bindparam("limit"))
    )


def _in(table: Any) -> Any:
    return (
        (table.c.account == bindparam("account"))
        & (table.c.partition == bindparam("partition"))
        & (table.c.region == bindparam("region"))
    )


_OWN_KEY = (
    (events.c.account.concat("") == bindparam("account"))
    & (events.c.partition.concat("") == bindparam("partition"))
    & (events.c.region == bindparam("region"))
    & (events.c.access_key_id != literal_column("''"))
)
"""A key is one account's, so its index has the Region alone; the last line is its condition, in its own words."""

BY_READ_ONLY = Prepared(_newest(_in(events), events.c.read_only))
BY_ID = Prepared(_newest(_in(events), events.c.read_only).where(events.c.event_id == bindparam("event_id")))
BY_CLASS = Prepared(_newest(_in(events), events.c.class_id))
BY_USERNAME = Prepared(_newest(_in(events), events.c.username))
BY_ACCESS_KEY = Prepared(_newest(_OWN_KEY, events.c.access_key_id))
_NAMED = _newest(_in(event_resources), event_resources.c.resource_name, table=event_resources)
BY_RESOURCE_NAME = Prepared(_NAMED)
BY_ARN = Prepared(
    _NAMED.join(events, events.c.sequence == event_resources.c.sequence).add_columns(
        (func.instr(type_coerce(events.c.resources, Text), bindparam("arn")) > 0).label("has_it")
    )
)
"""Of each event of the short name, whether it `has_it`, the ARN."""
