"""No-op jobs from submission to SUCCEEDED, beside `xargs -P2` running the same no-op."""

from __future__ import annotations

import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from processes import Served, cpu_seconds, load
from scene import Scene

NO_OP = "true"


@dataclass(frozen=True)
class Finished:
    """Jobs that went through, or commands that xargs ran."""

    jobs: int
    submitted_seconds: float
    seconds: float
    server_cpu: float
    supervisor_cpu: float

    @property
    def per_second(self) -> float:
        return self.jobs / self.seconds


def finish(one: Served, scene: Scene, directory: Path, count: int) -> Finished:
    """Submit `count` jobs to a queue that runs them and wait until all are SUCCEEDED.

    Raises RuntimeError where one fails or they are not through within five minutes.
    """
    scene.open_for_work()
    submissions = scene.submissions("running")
    with _database(directory) as database:
        before = _ended(database)
        server = one.cpu_seconds()
        started = time.monotonic()
        load(one, submissions, most=count, seconds=120)
        submitted = time.monotonic() - started
        while (ended := _ended(database)) - before < count:
            if time.monotonic() - started > 300:
                raise RuntimeError(f"only {ended - before} of {count} jobs went through in five minutes")
            time.sleep(0.02)
        seconds = time.monotonic() - started
    supervisor = sum(cpu_seconds(pid) for pid in _supervisors(directory))
    return Finished(count, submitted, seconds, one.cpu_seconds() - server, supervisor)


def xargs(count: int) -> Finished:
    """The same command as often, two at a time."""
    numbers = "\n".join(str(number) for number in range(count))
    started = time.monotonic()
    subprocess.run(["xargs", "-P2", "-n1", NO_OP], input=numbers, text=True, check=True)
    return Finished(count, 0, time.monotonic() - started, 0, 0)


@contextmanager
def _database(directory: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(f"file:{directory / 'batchyard.db'}?mode=ro", uri=True)) as one:
        yield one


def _ended(database: sqlite3.Connection) -> int:
    """How many jobs have SUCCEEDED. Raises RuntimeError where one FAILED."""
    found = dict(
        database.execute(
            "SELECT status, count(*) FROM batch_jobs WHERE status IN ('SUCCEEDED', 'FAILED') AND queue_id ="
            " (SELECT id FROM batch_job_queues WHERE name = 'running') GROUP BY status"
        ).fetchall()
    )
    if found.get("FAILED"):
        raise RuntimeError(f"{found['FAILED']} jobs failed")
    return int(found.get("SUCCEEDED", 0))


def _supervisors(directory: Path) -> list[int]:
    """The processes that keep this directory's attempts."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if any(b"batchyard.engines.process.supervisor" in word for word in words) and any(
                word.startswith(str(directory).encode()) for word in words
            ):
                found.append(int(entry.name))
    return found
