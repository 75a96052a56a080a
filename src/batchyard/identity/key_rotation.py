"""Change the key of a data directory: each step leaves a directory that a server can use, and is done once.

1. The key file becomes the new key with the old one behind it: whatever either sealed opens.
2. Everything sealed in the database is sealed anew, in one transaction.
3. The key file becomes the new key alone: session tokens of the old key are over.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Table, bindparam, select, text, tuple_, update

from batchyard.identity.keyring import Keyring, new_key, open_keyring, read_keys, write_keys
from batchyard.store.transaction import Transaction
from batchyard.store.types import SEALED, metadata

_CHUNK = 1000


class Unopenable(Exception):
    """A sealed value that no key opens: the key file is of another directory, or the value was altered."""

    def __init__(self, column: Column[Any]) -> None:
        super().__init__(f"a value of {column.table.name}.{column.name} does not open with the key file")


def begin(directory: Path) -> Keyring:
    """Step 1, unless an earlier run did it; the keyring for step 2."""
    keys = read_keys(directory)
    if len(keys) == 1:
        write_keys(directory, [new_key(), *keys])
    return open_keyring(directory)


def seal_anew(tx: Transaction, keyring: Keyring) -> int:
    """Step 2: seal everything with the newest key, and leave nothing of the old seals in the file.

    Answers how many values; raises Unopenable.
    """
    tx.run(text("PRAGMA secure_delete = ON"))
    return sum(_seal_column(tx, keyring, column) for column in sealed_columns())


def finish(directory: Path) -> None:
    """Step 3."""
    write_keys(directory, read_keys(directory)[:1])


def sealed_columns() -> list[Column[Any]]:
    """Every column that holds something sealed, of the services that are loaded."""
    return [column for table in metadata.sorted_tables for column in table.columns if SEALED in column.info]


def _seal_column(tx: Transaction, keyring: Keyring, column: Column[Any]) -> int:
    place = list(column.table.primary_key.columns)
    assert isinstance(column.table, Table)
    change = (
        update(column.table)
        .where(*(one == bindparam(f"at_{one.name}") for one in place))
        .values({column.name: bindparam("anew")})
    )
    # Many rows hold the same text: the tasks of one caller.
    known: dict[str, str] = {}
    changed = 0
    for rows in _chunks(tx, column, place):
        kept = [
            ({f"at_{one.name}": getattr(row, one.name) for one in place}, row.kept)
            for row in rows
            if row.kept
        ]
        tx.run_many(change, [at | {"anew": _anew(keyring, column, value, known)} for at, value in kept])
        changed += sum(len(value) if isinstance(value, list) else 1 for _, value in kept)
    return changed


def _chunks(tx: Transaction, column: Column[Any], place: list[Column[Any]]) -> Iterator[Sequence[Any]]:
    """The table's rows in the order of their keys, so many at a time: there may be a million tasks."""
    page = select(*place, column.label("kept")).order_by(*place).limit(_CHUNK)
    rows = tx.all(page)
    while rows:
        yield rows
        last = [getattr(rows[-1], one.name) for one in place]
        rows = tx.all(page.where(tuple_(*place) > tuple_(*last)))


def _anew(keyring: Keyring, column: Column[Any], kept: Any, known: dict[str, str]) -> Any:
    if isinstance(kept, list):
        return [{**one, "sealed": _anew(keyring, column, one["sealed"], known)} for one in kept]
    if kept not in known:
        purpose = column.info[SEALED]
        value = keyring.open(purpose, kept)
        if value is None:
            raise Unopenable(column)
        known[kept] = keyring.seal(purpose, value)
    return known[kept]
