"""What the tables of jobs are for before a request can ask for it: shared documents, fronts by turns of shares; and the
jobs of a data directory from before there was a table of attempts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from batchyard.scheduler import SchedulingPolicy, Share
from batchyard.services.batch.jobs import attempt_rows, job_rows
from batchyard.services.batch.jobs.job_answers import detail, summary
from batchyard.services.batch.queues.queue_lines import FRONT, in_turns, oldest
from batchyard.services.batch.tables import job_specs, jobs
from batchyard.store import migrations
from batchyard.store.migrations import migrate
from batchyard.store.sqlite import SqliteStore

SPEC: dict[str, Any] = {
    "container": {"image": "busybox", "command": ["true"]},
    "parameters": {},
    "platformCapabilities": [],
    "dependsOn": [],
    "propagateTags": False,
    "changes": {},
}
NOW = datetime(2026, 1, 1, tzinfo=UTC)
BEFORE = 21
"""The layout that has the attempts."""
TASK = "arn:aws:ecs:us-east-1:1:task/AWSBatch-fargate-1/0123456789abcdef0123456789abcdef"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    one = SqliteStore(tmp_path / "batchyard.db", durable=False)
    with one.connect() as connection:
        migrate(connection)
    one.start()
    yield one
    one.close()


def job_values(number: int, **values: Any) -> dict[str, Any]:
    return {
        "id": number,
        "job_id": f"job-{number}",
        "account": "1",
        "partition": "aws",
        "region": "us-east-1",
        "name": "job",
        "name_key": "job",
        "queue_id": 1,
        "queue_arn": "arn:aws:batch:us-east-1:1:job-queue/q",
        "definition_id": 1,
        "definition_name": "work",
        "definition_arn": "arn:aws:batch:us-east-1:1:job-definition/work:1",
        "status": "RUNNABLE",
        "created_ms": number,
        "vcpus": 1.0,
        "memory_mib": 512,
        "gpus": 0,
        "tags": {},
        "attempt": 0,
        "cancelled": False,
        "terminated": False,
        "timed_out": False,
        **values,
    }


def put(store: SqliteStore, *rows: dict[str, Any]) -> None:
    store.write(lambda tx: [tx.run(insert(jobs).values(**row)) for row in rows])


def test_a_document_is_a_jobs_own_or_shared(store: SqliteStore) -> None:
    own = {**SPEC, "parameters": {"own": "yes"}}
    store.write(lambda tx: tx.run(insert(job_specs).values(id=7, account="1", document=SPEC)))
    put(store, job_values(1, document=own), job_values(2, spec_id=7), job_values(3, spec_id=7))
    with store.read() as tx:
        found = job_rows.find_some(tx, [1, 2, 3])
    assert [found[number].spec for number in (1, 2, 3)] == [own, SPEC, SPEC]


def test_children_are_in_line_with_single_jobs_by_age(store: SqliteStore) -> None:
    put(store, *(job_values(number, array_parent=None if number % 2 else 99) for number in (4, 1, 3, 2)))
    put(store, job_values(5, status="PENDING"), job_values(6, queue_id=2))
    with store.read() as tx:
        assert [row.id for row in oldest(tx, 1)] == [1, 2, 3, 4]


def test_a_front_is_read_by_turns_of_the_shares_however_long_one_is(store: SqliteStore) -> None:
    """Of a thousand jobs as many are read as have their turn; within a share priority comes first."""
    long = [job_values(number, share_identifier="long", scheduling_priority=0) for number in range(1, 1001)]
    short = [
        job_values(2000, share_identifier="short", scheduling_priority=1),
        job_values(2001, share_identifier="short", scheduling_priority=5, array_parent=99),
        job_values(2002, share_identifier="short", scheduling_priority=5),
        job_values(2003, share_identifier="ended", scheduling_priority=0, status="FAILED"),
    ]
    put(store, *long, *short)
    shares = [
        Share(share_identifier=one, usage_vcpu_seconds=0, usage_at=NOW, is_waiting=True)
        for one in ("long", "short", "ended")
    ]
    with store.read() as tx:
        rows = in_turns(tx, 1, SchedulingPolicy(), shares, NOW)
    assert [row.id for row in rows[:7]] == [1, 2001, 2, 2002, 3, 2000, 4]
    assert [row.id for row in rows if row.share_identifier == "long"] == list(range(1, FRONT - 2))
    assert len(rows) == FRONT


def test_jobs_of_before_the_table_of_attempts_are_what_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that ended at its second attempt, one that runs, one whose RunTask was not answered, two that wait."""
    store = SqliteStore(tmp_path / "batchyard.db", durable=False)
    with store.connect() as connection:
        with monkeypatch.context() as patch:
            older = [one for one in migrations.numbered() if one[0] < BEFORE]
            patch.setattr(migrations, "numbered", lambda: older)
            migrate(connection)
        _fill_as_before(connection.connection.dbapi_connection)
        migrate(connection)
    store.start()
    with store.read() as tx:
        found = job_rows.find_some(tx, [*range(1, 6)])
        attempts = attempt_rows.find_of_jobs(tx, "1", found.values())
        live = attempt_rows.find_live_by_tasks(tx, [TASK])
        [waiting] = oldest(tx, 1)
    shown = {number: detail(row, attempts.get(number, ()), None) for number, row in found.items()}
    assert shown[1]["attempts"] == _ENDED
    assert shown[1]["container"] == {**shown[5]["container"], **_SECOND["container"]}
    assert summary(found[1], attempts[1], None)["container"] == {"exitCode": 0}
    assert [one.status for one in attempts[1]] == ["FAILED", "SUCCEEDED"]
    assert shown[2]["attempts"] == []
    assert (shown[2]["container"]["taskArn"], shown[2]["container"]["logStreamName"]) == (
        TASK,
        "work/default/0",
    )
    assert (live[TASK].job, live[TASK].number, live[TASK].environment_id) == (2, 1, 8)
    [_, unanswered] = attempts[3]
    assert (unanswered.number, unanswered.task_arn, unanswered.stopped_ms) == (2, None, None)
    assert waiting.id == 4
    assert {row.spec["parameters"]["n"] for row in found.values()} == {"1", "2", "3", "4", "5"}
    with store.connect() as connection:
        [dependency] = connection.exec_driver_sql("SELECT * FROM batch_job_dependencies").all()
    assert tuple(dependency) == (4, 5, "PLAIN", "1")
    store.close()


_CLUSTER = "arn:aws:ecs:us-east-1:1:cluster/AWSBatch-fargate-1"
_FIRST = {
    "container": {"taskArn": TASK[:-1] + "a", "logStreamName": "a", "networkInterfaces": [], "exitCode": 3},
    "startedAt": 10,
    "stoppedAt": 20,
    "statusReason": "Essential container in task exited",
}
_SECOND: dict[str, Any] = {
    "container": {"taskArn": TASK[:-1] + "b", "logStreamName": "b", "networkInterfaces": [], "exitCode": 0},
    "startedAt": 30,
    "stoppedAt": 40,
    "statusReason": "Essential container in task exited",
}
_ENDED = [_FIRST, _SECOND]


def _fill_as_before(driver: Any) -> None:
    """The rows as version 0.1.0 wrote them."""
    told = {"taskArn": TASK, "logStreamName": "work/default/0"}
    rows: list[dict[str, Any]] = [
        {
            "status": "SUCCEEDED",
            "attempts": _ENDED,
            "attempt": 2,
            "task": _SECOND["container"],
            "stopped_ms": 40,
        },
        {"status": "RUNNING", "attempt": 1, "task": told, "started_ms": 50},
        {"status": "STARTING", "attempts": [_FIRST], "attempt": 2},
        {"status": "RUNNABLE"},
        {"status": "PENDING"},
    ]
    for number, row in enumerate(rows, 1):
        values = {
            **job_values(number),
            "spec": {**SPEC, "parameters": {"n": str(number)}},
            "attempts": [],
            **row,
        }
        plain = {
            key: json.dumps(one) if isinstance(one, (dict, list)) else one for key, one in values.items()
        }
        names = ", ".join(plain)
        driver.execute(
            f"INSERT INTO batch_jobs ({names}) VALUES ({', '.join('?' * len(plain))})", [*plain.values()]
        )
    running = "INSERT INTO batch_running_jobs VALUES (?, '1', 8, ?, ?, 1.0)"
    driver.execute(running, [2, _CLUSTER, TASK])
    driver.execute(running, [3, _CLUSTER, None])
    driver.execute("INSERT INTO batch_job_dependencies VALUES (4, 5, '1')")
    driver.commit()
