"""The classes of events: which call of which service on which types of resources. Few, so each has a number."""

from __future__ import annotations

import zlib
from collections.abc import Iterable

from sqlalchemy import bindparam, select

from batchyard.audit.resource_types import known_kinds
from batchyard.audit.tables import event_classes
from batchyard.store.prepared import Prepared
from batchyard.store.transaction import Transaction
from batchyard.store.upsert import insert_missing

_INSERT = Prepared(
    insert_missing(event_classes, {column.name: bindparam(column.name) for column in event_classes.columns})
)


class Classes:
    """Numbers classes by their content, so that a number means the same in every process and after a rollback."""

    def __init__(self) -> None:
        self._written: dict[tuple[str, str, frozenset[str]], int] = {}

    def number(self, tx: Transaction, source: str, name: str, resources: Iterable[str]) -> int:
        """The number of an event's class; its row is written with the first event of the class."""
        kinds = known_kinds(resources)
        place = (source, name, kinds)
        found = self._written.get(place)
        if found is not None:
            return found
        ordered = sorted(kinds)
        number = zlib.crc32("\n".join((source, name, *ordered)).encode())
        tx.run(_INSERT, class_id=number, source=source, name=name, kinds=ordered)
        tx.after_commit(lambda: self._written.__setitem__(place, number))
        return number


def find_classes(tx: Transaction, *, source: str = "", name: str = "", kind: str = "") -> list[int]:
    """The numbers of the classes with this source, this name, or this kind among their resources' kinds."""
    return [
        row.class_id
        for row in tx.all(select(event_classes))
        if (source and row.source == source) or (name and row.name == name) or (kind and kind in row.kinds)
    ]
