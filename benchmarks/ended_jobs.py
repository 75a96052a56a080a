"""Reads and a scheduling step beside few and many ended jobs, and the memory that a server of many takes.

The ended jobs are put into the database by copying one row, as a million submissions would take half an hour.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from processes import Served, batchyard, load
from scene import ACCOUNT, REGION, Scene

from batchyard.clock import SystemClock
from batchyard.framework.work import Key
from batchyard.services import load_services
from batchyard.services.batch.placing.lines import read_lines
from batchyard.store.sqlite import SqliteStore

FEW, MANY = 10_000, 1_000_000
WAITING = 100
_PUT_AT_ONCE = 100_000
_READ_STEPS = 200


@dataclass(frozen=True)
class Beside:
    """What calls cost beside so many ended jobs: microseconds of the server's CPU."""

    ended: int
    describe: float
    listing: float
    by_name: float
    submit: float
    step: float
    """What one scheduling step reads: the lines of the account's queues, in microseconds of this process."""
    resident_mib: float

    def calls(self) -> dict[str, float]:
        """Each by what it is."""
        return {
            "DescribeJobs of 100": self.describe,
            "ListJobs, a page of 100 ended ones": self.listing,
            "ListJobs by name, a page of 100": self.by_name,
            "SubmitJob": self.submit,
            "a scheduling step's reads": self.step,
        }


def measure(directory: Path, *, seconds: float, counts: Sequence[int] = (FEW, MANY)) -> list[Beside]:
    """Beside each of these numbers of ended jobs, on one data directory."""
    with batchyard(directory) as one:
        scene = Scene(one.endpoint)
        keys = scene.keys
        load(one, scene.submissions(), most=WAITING, seconds=30)
    found = []
    for count in counts:
        _fill(directory / "batchyard.db", count)
        with batchyard(directory) as one:
            found.append(_beside(one, Scene(one.endpoint, keys), directory, count, seconds))
    return found


def _beside(one: Served, scene: Scene, directory: Path, count: int, seconds: float) -> Beside:
    requests = (scene.descriptions(), [scene.listing()], [scene.listing("copied-5")], scene.submissions())
    describe, listing, by_name, submit = (_cost(one, each, seconds) for each in requests)
    resident = one.resident_mib()
    return Beside(count, describe, listing, by_name, submit, _step(directory), resident)


def _cost(one: Served, requests: Sequence[bytes], seconds: float) -> float:
    """Server CPU for one call, in microseconds; the first ones load what all of them need, and do not count."""
    load(one, requests, most=100, seconds=seconds)
    return load(one, requests, most=10**9, seconds=seconds).cpu_microseconds


def _step(directory: Path) -> float:
    """The best of some rounds: the others were disturbed."""
    load_services()
    key = Key("batch.placing", ACCOUNT, "aws", REGION, "queues")
    store = SqliteStore(directory / "batchyard.db")
    best, now = float("inf"), SystemClock().now()
    try:
        for _ in range(5):
            began = time.process_time()
            for _ in range(_READ_STEPS // 5):
                with store.read() as tx:
                    read_lines(tx, key, now)
            best = min(best, (time.process_time() - began) / (_READ_STEPS // 5))
    finally:
        store.close()
    return best * 1e6


def _fill(database: Path, count: int) -> None:
    """Copy a waiting job as ended ones, each with an attempt, until there are `count` of them."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        held = connection.execute("SELECT count(*) FROM batch_jobs WHERE status='SUCCEEDED'").fetchone()[0]
        for first in range(held, count, _PUT_AT_ONCE):
            with connection:
                _copy(connection, first, min(count, first + _PUT_AT_ONCE))
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    os.sync()


def _copy(connection: sqlite3.Connection, first: int, end: int) -> None:
    now = int(time.time() * 1000)
    base = connection.execute("SELECT max(id) + 1 FROM batch_jobs").fetchone()[0]
    changed = {
        "id": f"{base} + n",
        "job_id": "printf('%08x-0000-4000-8000-%012x', n, n)",
        "name": "'copied-' || (n / 1000)",
        "name_key": "'copied-' || (n / 1000)",
        "status": "'SUCCEEDED'",
        "created_ms": f"{now} - 2000000 + n",
        "started_ms": str(now),
        "stopped_ms": str(now),
        "attempt": "1",
    }
    columns = [row[1] for row in connection.execute("PRAGMA table_info(batch_jobs)")]
    numbers = f"WITH RECURSIVE numbers(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < {end})"
    template = "(SELECT * FROM batch_jobs WHERE status = 'RUNNABLE' ORDER BY id LIMIT 1)"
    values = ", ".join(changed.get(name, f'"{name}"') for name in columns)
    connection.execute(f"INSERT INTO batch_jobs {numbers} SELECT {values} FROM numbers, {template}")
    connection.execute(
        f"INSERT INTO batch_attempts (account, job, number, node, environment_id, cluster_arn, vcpus, status,"
        f" started_ms, stopped_ms, exit_code) {numbers} SELECT '{ACCOUNT}', {base} + n, 1, 0, 1, 'x', 0.25,"
        f" 'SUCCEEDED', {now}, {now}, 0 FROM numbers"
    )
