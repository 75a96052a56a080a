"""No statement of the job side reads more rows than it is about: each is answered by an index."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy.dialects import sqlite

from batchyard.services import batch as package
from batchyard.services.batch.jobs import list_jobs
from batchyard.store.prepared import Compiled

Make = Callable[..., Any]

_NO_TABLE = ("SCAN CONSTANT ROW", "SCAN anon_1 VIRTUAL TABLE INDEX 1:")
"""What is given with the statement: no rows, or the list of one that stands for many (`among`)."""


def prepared() -> Iterator[Any]:
    for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        module = importlib.import_module(found.name)
        for name, value in vars(module).items():
            if isinstance(value, Compiled):
                yield pytest.param(value, id=f"{found.name.rsplit('.', 1)[-1]}-{name}")


def plan_of(app: Any, sql: str, parameters: Any) -> list[str]:
    with app.store.read() as tx:
        return [row[-1] for row in tx._driver.execute(f"EXPLAIN QUERY PLAN {sql}", parameters)]


@pytest.mark.parametrize("statement", list(prepared()))
def test_a_prepared_statement_is_answered_by_an_index(app: Any, statement: Any) -> None:
    sql = statement._sql or statement._compile()
    given = dict.fromkeys(statement._statement.compile().params)
    given |= {name: value for name, value in statement._fixed.items() if isinstance(value, (int, str))}
    steps = plan_of(app, sql, given)
    assert not [step for step in steps if step.startswith("SCAN") and step not in _NO_TABLE], steps
    assert not [step for step in steps if "TEMP B-TREE" in step and "job_queues" not in step], steps


@pytest.mark.parametrize(
    "request_",
    [
        {"jobStatus": "RUNNABLE"},
        {"filters": [{"name": "JOB_NAME", "values": ["one"]}]},
        {"filters": [{"name": "JOB_NAME", "values": ["one*"]}]},
        {"filters": [{"name": "JOB_DEFINITION", "values": ["one"]}]},
        {"filters": [{"name": "BEFORE_CREATED_AT", "values": ["1"]}]},
        {"filters": [{"name": "AFTER_CREATED_AT", "values": ["1"]}]},
    ],
    ids=str,
)
def test_a_page_of_jobs_is_answered_by_an_index_in_its_order(
    app: Any, batch: Any, queue: str, monkeypatch: pytest.MonkeyPatch, request_: dict[str, Any]
) -> None:
    seen = []
    whole = list_jobs._query

    def keep(*arguments: Any) -> Any:
        query, grouped = whole(*arguments)
        seen.append((query, grouped))
        return query, grouped

    monkeypatch.setattr(list_jobs, "_query", keep)
    batch.list_jobs(jobQueue=queue, **request_)
    [(query, grouped)] = seen
    ordered = query.order_by(*(() if grouped is None else (grouped,)), *list_jobs.NEWEST_FIRST).limit(3)
    compiled = ordered.compile(dialect=sqlite.dialect(paramstyle="named"))
    [step, *others] = plan_of(app, str(compiled), compiled.params)
    assert step.startswith("SEARCH batch_jobs USING INDEX batch_jobs_by_"), step
    # Within a prefix, the names come from the index in order; only jobs of one name are sorted by time.
    assert others == [] if grouped is None else all("RIGHT PART" in one or "LAST" in one for one in others), (
        others
    )
