"""How events are looked up: each statement of a lookup is a read of its index, in order and within the times."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from batchyard.audit.tables import event_resources, events
from batchyard.clock import from_microseconds
from batchyard.framework.effort import MOST, Effort, Heavy
from batchyard.services.cloudtrail import lookups
from batchyard.services.cloudtrail.lookups import Attribute, Place, Window
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


PLACE = Place("111111111111", "aws", "us-east-1")
WANTED, OTHER = (f"arn:aws:batch:us-east-1:111111111111:{kind}/same" for kind in ("job-queue", "job"))
EVENTS = 3000


@pytest.fixture(scope="module")
def crowded(store: SqliteStore) -> SqliteStore:
    """Events of many resources with one short name, of which every thousandth is of the wanted one."""
    texts = ("source", "name", "username", "access_key_id", "request_id", "source_ip", "user_agent")
    at = {**PLACE._asdict(), "event_time": from_microseconds(1_700_000_000_000_000)}
    made: list[dict[str, Any]] = []
    named: list[dict[str, Any]] = []
    for number in range(1, EVENTS + 1):
        place: dict[str, Any] = {**at, "sequence": number}
        place["event_time"] += timedelta(milliseconds=number // 7)
        resources = [OTHER if number % 1000 else WANTED]
        rest = {"event_id": str(number), "read_only": False, "identity": {}, "resources": resources}
        made.append({**place, **rest, **dict.fromkeys(texts, "")})
        named.append({**place, "resource_name": "same"})
    with store.connect() as connection:
        connection.exec_driver_sql("BEGIN")  # else each row is a transaction of its own
        connection.execute(insert(events), made)
        connection.execute(insert(event_resources), named)
        connection.exec_driver_sql("COMMIT")
    return store


def _pages(store: SqliteStore, arn: str, limit: int) -> Iterator[list[int]]:
    """The events' numbers page by page, each page of a call that has little effort left."""
    window: Window | None = Window(limit)
    with store.read() as tx:
        while window is not None:
            effort = Effort(bounded=True, may_wait=False)
            effort.spend(MOST - 4000)
            rows, ended_at = lookups.find_events(tx, PLACE, Attribute("ResourceName", arn), window, effort)
            yield [row.sequence for row in rows]
            if len(rows) == limit:
                ended_at = (rows[-1].event_time, rows[-1].sequence)
            window = None if ended_at is None else Window(limit).after(*ended_at)


def test_an_arn_is_searched_for_some_events_at_a_time(crowded: SqliteStore) -> None:
    pages = list(_pages(crowded, WANTED, 51))
    assert [one for page in pages for one in page] == [3000, 2000, 1000]
    assert len(pages) > 4
    assert [one for page in _pages(crowded, WANTED, 1) for one in page] == [3000, 2000, 1000]


def test_a_search_for_an_arn_among_many_events_waits_for_its_turn(crowded: SqliteStore) -> None:
    effort = Effort(bounded=True, may_wait=True)
    with crowded.read() as tx, pytest.raises(Heavy):
        lookups.find_events(tx, PLACE, Attribute("ResourceName", WANTED), Window(51), effort)


def test_a_search_that_finds_enough_looks_at_no_more(crowded: SqliteStore) -> None:
    effort = Effort(bounded=True, may_wait=True)
    with crowded.read() as tx:
        found = lookups.find_events(tx, PLACE, Attribute("ResourceName", OTHER), Window(51), effort)
    assert [row.sequence for row in found.rows] == list(range(2999, 2948, -1))
    assert found.ended_at is None
