"""How SQLite would run a statement: which tables it reads from one end to the other."""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from batchyard.services import load_services
from batchyard.store.migrations import migrate
from batchyard.store.sqlite import SqliteStore
from store.statements import normal

ALLOWED = Path(__file__).with_name("scans.json")
_PLANNED = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b", re.IGNORECASE)
_ALIAS = re.compile(r"\b(\w+) AS \"?(\w+)\"?")
_SCAN = re.compile(r"^SCAN (?:CONSTANT ROW|(\w+))")


class _Nulls(dict[str, None]):
    """A value for every name: the plan does not depend on it."""

    def __missing__(self, name: str) -> None:
        return None


@contextlib.contextmanager
def planner(directory: Path) -> Iterator[sqlite3.Connection]:
    """An empty database of this version's layout."""
    load_services()
    path = directory / "plans.db"
    store = SqliteStore(path, durable=False)
    with store.connect() as connection:
        migrate(connection)
    store.close()
    opened = sqlite3.connect(path)
    try:
        yield opened
    finally:
        opened.close()


def scans(connection: sqlite3.Connection, text: str, values: int) -> list[str]:
    """The tables that a statement scans, by their names."""
    if not _PLANNED.match(text):
        return []
    given: Any = (None,) * values if values else _Nulls()
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    aliases = {alias: table for table, alias in _ALIAS.findall(text) if table in tables}
    found = []
    for _, _, _, detail in connection.execute(f"EXPLAIN QUERY PLAN {text}", given):
        scan = _SCAN.match(detail)
        name = scan and scan.group(1)
        table = aliases.get(name or "", name)
        if table is not None and table in tables:
            found.append(table)
    return found


def allowed() -> dict[str, str]:
    """The statements that may scan, in their normal form, each with its reason. The list can only shrink."""
    listed: list[Mapping[str, str]] = json.loads(ALLOWED.read_text())
    return {one["statement"]: one["reason"] for one in listed}


def unlisted(connection: sqlite3.Connection, statements: Mapping[str, int]) -> list[str]:
    """What scans without standing on the list, as lines to read."""
    known = allowed()
    lines = []
    for text, values in statements.items():
        try:
            tables = scans(connection, text, values)
        except sqlite3.OperationalError as error:
            if "no such table" not in str(error):
                raise
            continue  # a test's own table
        if tables and normal(text) not in known:
            lines.append(f"SCAN {', '.join(tables)}: {normal(text)}")
    return lines
