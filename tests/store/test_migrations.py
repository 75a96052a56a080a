"""The migrations make exactly the tables that the code speaks of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect

from batchyard.services import load_services
from batchyard.store import migrations
from batchyard.store.failures import NewerDatabase
from batchyard.store.migrations import migrate, numbered
from batchyard.store.sqlite import SqliteStore
from batchyard.store.types import metadata


def test_the_migrated_database_is_what_the_tables_say(tmp_path: Path) -> None:
    load_services()
    store = SqliteStore(tmp_path / "batchyard.db")
    with store.connect() as connection:
        migrate(connection)
        found = inspect(connection)
        assert set(found.get_table_names()) == set(metadata.tables)
        for table in metadata.sorted_tables:
            columns = [column["name"] for column in found.get_columns(table.name)]
            assert columns == [column.name for column in table.columns], table.name
            indexes = {index["name"]: index["column_names"] for index in found.get_indexes(table.name)}
            expected = {index.name: [column.name for column in index.columns] for index in table.indexes}
            assert {name: indexes.get(str(name)) for name in expected} == expected, table.name
    store.close()


def test_a_newer_database_is_left_alone(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "batchyard.db")
    with store.connect() as connection:
        driver = connection.connection.dbapi_connection
        assert driver is not None
        driver.execute(f"PRAGMA user_version={numbered()[-1][0] + 1}")
        with pytest.raises(NewerDatabase):
            migrate(connection)
        assert inspect(connection).get_table_names() == []
    store.close()


def test_no_two_migrations_have_one_number() -> None:
    """A database that has had one of them would never get the other."""
    numbers = [number for number, _ in numbered()]
    assert numbers == sorted(set(numbers))


def test_migrating_twice_changes_nothing(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "batchyard.db")
    with store.connect() as connection:
        migrate(connection)
        migrate(connection)
        assert "work" in inspect(connection).get_table_names()
    store.close()


def test_an_access_report_that_cannot_tell_who_used_a_service_is_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of before migration 13: what reads them wants `uses` of every service."""
    store = SqliteStore(tmp_path / "batchyard.db")
    with store.connect() as connection:
        driver: Any = connection.connection.dbapi_connection
        with monkeypatch.context() as patch:
            patch.setattr(migrations, "numbered", lambda: [one for one in numbered() if one[0] < 16])
            migrate(connection)
        insert = "INSERT INTO iam_access_reports VALUES (?,'aws','1','me',0,0,?,'SERVICE_LEVEL','[]')"
        for job, services in (
            ("old", '[{"ServiceNamespace":"iam"}]'),
            ("new", '[{"uses":{}}]'),
            ("none", "[]"),
        ):
            driver.execute(insert, (job, services))
        driver.commit()
        migrate(connection)
        left = driver.execute("SELECT job_id FROM iam_access_reports ORDER BY job_id").fetchall()
        assert [row[0] for row in left] == ["new", "none"]
    store.close()


def test_every_table_of_an_account_says_so() -> None:
    """Reset deletes by the column `account`; a table without one must be of no account."""
    load_services()
    without = {table.name for table in metadata.sorted_tables if "account" not in table.columns}
    assert without == {"epochs", "event_classes"}


def test_every_table_of_an_account_is_found_by_it() -> None:
    """An index or the primary key begins with the account: forgetting one reads no other's rows."""
    load_services()
    slow = {
        table.name
        for table in metadata.sorted_tables
        if "account" in table.columns
        and not any(
            next(iter(found)).name == "account"
            for found in (table.primary_key.columns, *(index.columns for index in table.indexes))
        )
    }
    assert slow == set()
