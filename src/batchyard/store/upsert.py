"""Insert a row, or change or keep the row that is in its place: the one file that knows how a database says so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Executable, Table
from sqlalchemy.dialects.sqlite import insert

Changes = Callable[[Any], Mapping[str, Any]]
"""The row that was to be inserted, its columns as attributes → what to change in the row that is there."""


def upsert(table: Table, values: Mapping[str, Any], changes: Changes | None = None) -> Executable:
    """Insert `values`; where a row has that primary key, change it instead: by default to every other value given.

    A value is Python's, or a `bindparam` of a statement that is prepared.
    """
    put = insert(table).values(dict(values))
    key = [column.name for column in table.primary_key]
    if changes is None:
        changed: Mapping[str, Any] = {name: put.excluded[name] for name in values if name not in key}
    else:
        changed = changes(put.excluded)
    return put.on_conflict_do_update(index_elements=key, set_=dict(changed))


def insert_missing(table: Table, values: Mapping[str, Any]) -> Executable:
    """Insert `values`, unless a row is there that they would collide with."""
    return insert(table).values(dict(values)).on_conflict_do_nothing()
