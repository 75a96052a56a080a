"""How events are looked up: each statement of a lookup is a read of its index, in order and within the times."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from batchyard.services.cloudtrail import lookups
from batchyard.store.migrations import migrate
from batchyard.store.prepared import Prepared
from batchyard.store.sqlite import SqliteStore

_PLACE = "(account=? AND partition=? AND region=? AND"
_TIMES = "event_time>? AND event_time<?)"
INDEXES = {
    "BY_ACCESS_KEY": f"events USING INDEX events_by_access_key (access_key_id=? AND region=? AND {_TIMES}",
    "BY_ARN": f"event_resources USING PRIMARY KEY {_PLACE} resource_name=? AND {_TIMES}",
    "BY_CLASS": f"events USING COVERING INDEX events_by_class {_PLACE} class_id=? AND {_TIMES}",
    "BY_ID": f"events USING INDEX events_by_read_only {_PLACE} read_only=? AND {_TIMES}",
    "BY_READ_ONLY": f"events USING COVERING INDEX events_by_read_only {_PLACE} read_only=? AND {_TIMES}",
    "BY_RESOURCE_NAME": f"event_resources USING PRIMARY KEY {_PLACE} resource_name=? AND {_TIMES}",
    "BY_USERNAME": f"events USING COVERING INDEX events_by_username {_PLACE} username=? AND {_TIMES}",
}


class Unsaid(dict[str, int]):
    """A value for every parameter: a plan does not depend on them."""

    def __missing__(self, name: str) -> int:
        return 1


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteStore]:
    directory: Path = tmp_path_factory.mktemp("lookups")
    one = SqliteStore(directory / "batchyard.db")
    with one.connect() as connection:
        migrate(connection)
    yield one
    one.close()


def test_every_statement_has_its_index_here() -> None:
    assert {name for name, one in vars(lookups).items() if isinstance(one, Prepared)} == set(INDEXES)


@pytest.mark.parametrize("name", INDEXES)
def test_a_lookup_reads_its_index_in_order(name: str, store: SqliteStore) -> None:
    statement: Prepared = getattr(lookups, name)
    with store.connect() as connection:
        driver = connection.connection.dbapi_connection
        assert driver is not None
        sql = statement._sql or statement._compile()
        plan = [row[3] for row in driver.execute(f"EXPLAIN QUERY PLAN {sql}", Unsaid())]
    assert plan[0] == f"SEARCH {INDEXES[name]}"
    assert not any(step.startswith("SCAN") or "TEMP B-TREE" in step for step in plan), plan
