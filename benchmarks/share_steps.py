"""One scheduling step of a queue with shares: what is read of the tables for it, and the plan, by how many jobs wait.

In this process: the store is a file, the engine is none; nothing fits, so that each step is the same.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table
from sqlalchemy import bindparam, insert

from batchyard.framework.work import Key
from batchyard.scheduler import plan
from batchyard.services import load_services
from batchyard.services.batch.placing.lines import read_lines, snapshot
from batchyard.services.batch.tables import (
    compute_environments,
    job_queues,
    jobs,
    queue_environments,
    scheduling_policies,
    share_usage,
)
from batchyard.store.migrations import migrate
from batchyard.store.prepared import Prepared
from batchyard.store.sqlite import SqliteStore

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PLACE = {"account": "1", "partition": "aws", "region": "us-east-1"}
CHUNK = 10_000
REPEATED = 15
_JOB = {
    **PLACE,
    "name": "job",
    "name_key": "job",
    "queue_id": 1,
    "queue_arn": "q",
    "definition_id": 1,
    "definition_name": "work",
    "definition_arn": "work:1",
    "status": "RUNNABLE",
    "vcpus": 4.0,
    "memory_mib": 8192,
    "gpus": 0,
    "document": {"container": {}},
    "tags": {},
    "scheduling_priority": 1,
    "attempt": 0,
    "cancelled": False,
    "terminated": False,
    "timed_out": False,
}
_OF_EACH = ("id", "job_id", "created_ms", "share_identifier")
_INSERT = Prepared(insert(jobs).values({name: bindparam(name) for name in (*_JOB, *_OF_EACH)}))


class Step(NamedTuple):
    """One step of so many jobs and shares: milliseconds of CPU, the median of REPEATED."""

    waiting: int
    shares: int
    milliseconds: float


def measure(directory: Path, sizes: list[tuple[int, int]]) -> list[Step]:
    """A step for each (jobs, shares), on a database each."""
    load_services()
    return [_measure(directory / f"{count}-{shares}.db", count, shares) for count, shares in sizes]


def _measure(path: Path, count: int, shares: int) -> Step:
    store = SqliteStore(path, durable=False)
    with store.connect() as connection:
        migrate(connection)
    store.start()
    _fill(store, count, shares)
    key = Key("batch.placing", "1", "aws", "us-east-1", "queues")
    engines = SimpleNamespace(of=lambda *_: frozenset(), refusal=lambda *_: None, most_nodes=lambda *_: None)
    runtime: Any = SimpleNamespace(engines=engines, settings=SimpleNamespace(scale_down_delay=60))
    taken = []
    for _ in range(REPEATED):
        began = time.thread_time()
        with store.read() as tx:
            lines = read_lines(tx, key, NOW)
        made = plan(snapshot(lines, {}, runtime), NOW)
        taken.append((time.thread_time() - began) * 1000)
        assert len(made.waits) == min(256, count)
        assert made.placements == ()
    store.close()
    return Step(count, shares, sorted(taken)[REPEATED // 2])


def _fill(store: SqliteStore, count: int, shares: int) -> None:
    resources = {"type": "FARGATE", "maxvCpus": 2, "subnets": [], "securityGroupIds": []}
    environment = {
        **PLACE, "name": "e", "arn": "e", "uuid": "e", "type": "MANAGED", "state": "ENABLED", "status": "VALID",
        "status_reason": "", "service_role": "r", "service_linked": True, "orchestration": "ECS",
        "compute_resources": resources, "tags": {}, "made": {}, "desired_vcpus": 0, "ending": False,
        "generation": 1, "created_ms": 0,
    }  # fmt: skip
    fairshare = {
        "shareDecaySeconds": 3600,
        "computeReservation": 0,
        "shareDistribution": [{"shareIdentifier": f"s{n}", "weightFactor": 1 + n % 7} for n in range(shares)],
    }
    policy = {
        **PLACE, "id": 1, "name": "p", "arn": "p", "fairshare": fairshare, "share_decay_seconds": 3600, "tags": {},
        "created_ms": 0,
    }  # fmt: skip
    queue = {
        **PLACE, "id": 1, "name": "q", "arn": "q", "state": "ENABLED", "status": "VALID", "status_reason": "",
        "priority": 1, "platform": "FARGATE", "tags": {}, "created_ms": 0, "scheduling_policy_id": 1,
    }  # fmt: skip

    def place(tx: Any) -> None:
        tx.run(insert(compute_environments).values(id=1, **environment))
        tx.run(insert(scheduling_policies).values(**policy))
        tx.run(insert(job_queues).values(**queue))
        tx.run(insert(queue_environments).values(queue_id=1, position=1, account="1", environment_id=1))
        tx.run_many(insert(share_usage), [_share(n, count // shares) for n in range(shares)])

    store.write(place)
    for rows in _jobs(count, shares):
        store.write(functools.partial(_put, rows=rows))


def _put(tx: Any, *, rows: list[dict[str, Any]]) -> None:
    tx.run_many(_INSERT, rows)


def _share(number: int, waiting: int) -> dict[str, Any]:
    at_ms = int(NOW.timestamp() * 1000) - 1000 * number
    return {
        "queue_id": 1, "share": f"s{number}", "account": "1", "usage": 100.0 * (number % 13), "at_ms": at_ms,
        "running_vcpus": 0.0, "waiting": waiting, "unfinished": waiting,
    }  # fmt: skip


def _jobs(count: int, shares: int) -> Iterator[list[dict[str, Any]]]:
    for first in range(0, count, CHUNK):
        yield [
            {**_JOB, "id": n + 1, "job_id": f"j{n}", "created_ms": n, "share_identifier": f"s{n % shares}"}
            for n in range(first, min(first + CHUNK, count))
        ]


def show(steps: list[Step], console: Console) -> None:
    """Each step beside the first."""
    table = Table(title="One scheduling step of a queue with shares")
    for name in ("jobs waiting", "shares", "one step", "beside the first"):
        table.add_column(name, justify="right")
    for one in steps:
        ratio = one.milliseconds / steps[0].milliseconds - 1
        table.add_row(f"{one.waiting:,}", f"{one.shares}", f"{one.milliseconds:.1f} ms", f"{ratio:+.0%}")
    console.print(table)
