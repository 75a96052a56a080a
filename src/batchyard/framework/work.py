"""Work for controllers: rows written in the transaction of the intent, and the topics that neighbours announce."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Column, Index, Integer, Table, Text, bindparam, delete, func, select, update

from batchyard.store.prepared import Prepared, Typed, among
from batchyard.store.transaction import Transaction
from batchyard.store.types import UtcTime, metadata
from batchyard.store.upsert import upsert

work = Table(
    "work",
    metadata,
    Column("controller", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("partition", Text, primary_key=True),
    Column("region", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("grouping", Text, nullable=False),
    Column("not_before", UtcTime, nullable=False),
    Column("version", Integer, nullable=False),
    Column("epoch", Integer, nullable=False),
    Index("work_by_account", "account"),
    sqlite_with_rowid=False,
)


@dataclass(frozen=True, slots=True)
class Key:
    """What a controller works on. `grouping` may join keys into one call (a cluster's tasks)."""

    controller: str
    account: str
    partition: str
    region: str
    name: str
    grouping: str = field(default="", compare=False)

    @property
    def place(self) -> tuple[str, str, str, str, str]:
        """The row's primary key."""
        return (self.controller, self.account, self.partition, self.region, self.name)


@dataclass(frozen=True, slots=True)
class Due:
    """A key with the moment from which it may be worked on; `version` counts the intents behind it."""

    key: Key
    not_before: datetime
    version: int
    epoch: int


class WorkRow(NamedTuple):
    """One key's work."""

    controller: str
    account: str
    partition: str
    region: str
    name: str
    grouping: str
    not_before: datetime
    version: int
    epoch: int


class _Found(NamedTuple):
    """What is asked of the work of a known key."""

    name: str
    version: int
    not_before: datetime
    epoch: int


_INTEND = Prepared(
    upsert(
        work,
        {**{column.name: bindparam(column.name) for column in work.columns}, "version": 1},
        lambda new: {
            "not_before": func.min(work.c.not_before, new.not_before),
            "version": work.c.version + 1,
            "epoch": new.epoch,
        },
    )
)
_AREA = (
    (work.c.controller == bindparam("controller"))
    & (work.c.account == bindparam("account"))
    & (work.c.partition == bindparam("partition"))
    & (work.c.region == bindparam("region"))
)
_PLACE = _AREA & (work.c.name == bindparam("name"))
_FIND = Typed(
    select(work.c.name, work.c.version, work.c.not_before, work.c.epoch).where(
        _AREA & among(work.c.name, "names")
    ),
    _Found,
)
_EVERY = Typed(select(work), WorkRow)
_DONE = Prepared(delete(work).where(_PLACE & (work.c.version == bindparam("at_version"))))
_LATER = Prepared(
    update(work)
    .where(_PLACE & (work.c.version == bindparam("at_version")))
    .values(not_before=bindparam("later"), version=work.c.version + 1)
)
_BRING_FORWARD = (
    update(work)
    .where(work.c.not_before > bindparam("after"))
    .values(
        not_before=func.max(
            work.c.not_before - bindparam("by", type_=Integer()), bindparam("after", type_=UtcTime())
        )
    )
)


def intend(tx: Transaction, key: Key, *, not_before: datetime, epoch: int) -> bool:
    """Ask the controller to look at `key` from `not_before` on; asking again keeps the earlier moment.

    False where this transaction asked for as much before, so that there is nothing to write or to tell.
    """
    asked = tx.noted((key, epoch))
    if asked is not None and asked <= not_before:
        return False
    tx.note((key, epoch), not_before)
    tx.run(_INTEND, **_parameters(key), grouping=key.grouping, not_before=not_before, epoch=epoch)
    return True


def find(tx: Transaction, keys: Sequence[Key]) -> list[Due]:
    """The work rows of keys of one controller, account and Region; those without have nothing to do."""
    if not keys:
        return []
    by_name = {key.name: key for key in keys}
    rows = tx.all(_FIND, **_area(keys[0]), names=list(by_name))
    found = {row.name: Due(by_name[row.name], row.not_before, row.version, row.epoch) for row in rows}
    return [found[name] for name in by_name if name in found]


def done(tx: Transaction, ended: Sequence[Due]) -> None:
    """Forget each work, unless somebody asked again meanwhile."""
    tx.run_many(_DONE, [{"at_version": due.version, **_parameters(due.key)} for due in ended])


def later(tx: Transaction, postponed: Sequence[tuple[Due, datetime]]) -> None:
    """Have each key looked at again from its moment on, unless somebody asked for sooner meanwhile."""
    tx.run_many(
        _LATER,
        [{"at_version": due.version, "later": until, **_parameters(due.key)} for due, until in postponed],
    )


def bring_forward(tx: Transaction, by: timedelta, *, after: datetime) -> None:
    """Have all that waits for a moment later than `after` looked at so much earlier, but not before `after`."""
    tx.run(_BRING_FORWARD, by=by // timedelta(microseconds=1), after=after)


def every(tx: Transaction) -> Iterable[Due]:
    """All work rows, for the driver's start."""
    for row in tx.all(_EVERY):
        key = Key(row.controller, row.account, row.partition, row.region, row.name, row.grouping)
        yield Due(key, row.not_before, row.version, row.epoch)


def _area(key: Key) -> dict[str, str]:
    return {
        "controller": key.controller,
        "account": key.account,
        "partition": key.partition,
        "region": key.region,
    }


def _parameters(key: Key) -> dict[str, str]:
    return {**_area(key), "name": key.name}


class Topics:
    """Which controllers listen to which announcements: `ecs.task` wakes those that declared it."""

    def __init__(self, listeners: Mapping[str, Sequence[str]]) -> None:
        self._listeners = {topic: tuple(names) for topic, names in listeners.items()}

    def listening(self, topic: str) -> Sequence[str]:
        """The names of the controllers that listen to a topic."""
        return self._listeners.get(topic, ())
