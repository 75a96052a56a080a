"""No statement scans a table: each grows with what all accounts hold. What the suite ran is planned at its end."""

from __future__ import annotations

import gc
import pkgutil
from importlib import import_module
from pathlib import Path

import pytest

import batchyard
from batchyard.store.prepared import Compiled
from store import plans


def test_no_prepared_statement_scans_a_table_whether_it_was_run_or_not(tmp_path: Path) -> None:
    for module in pkgutil.walk_packages(batchyard.__path__, "batchyard."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
    gc.unfreeze()  # a server of this process may have taken what it loaded out of the collector's sight
    prepared = {one._compile(): 0 for one in gc.get_objects() if isinstance(one, Compiled)}
    assert len(prepared) > 100
    with plans.planner(tmp_path) as connection:
        assert plans.unlisted(connection, prepared) == []


def test_what_is_on_the_list_still_scans(tmp_path: Path) -> None:
    """The list can only shrink: a statement that was mended leaves it."""
    listed = [text.replace("(…)", "(?)") for text in plans.allowed()]
    with plans.planner(tmp_path) as connection:
        mended = [text for text in listed if not plans.scans(connection, text, text.count("?"))]
    assert mended == []


@pytest.mark.parametrize(
    ("statement", "tables"),
    [
        ("SELECT * FROM batch_jobs WHERE name = :name", ["batch_jobs"]),
        ("SELECT j.name AS n FROM batch_jobs AS j ORDER BY j.name", ["batch_jobs"]),
        ("SELECT count(*) FROM batch_jobs", ["batch_jobs"]),
        ("UPDATE events SET region = :region", ["events"]),
        ("DELETE FROM work WHERE account IN (SELECT account FROM epochs)", ["work", "epochs"]),
        ("SELECT * FROM batch_jobs WHERE job_id = :id", []),
        ("SELECT value FROM json_each(:names)", []),
    ],
)
def test_a_scan_is_seen(tmp_path: Path, statement: str, tables: list[str]) -> None:
    with plans.planner(tmp_path) as connection:
        assert plans.scans(connection, statement, 0) == tables
