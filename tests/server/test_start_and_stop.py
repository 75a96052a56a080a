"""A server in a process that goes on: what it took is given back, however often it is started, and however it ends."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from batchyard.app import App
from batchyard.cli import quickstart
from batchyard.config import Settings
from batchyard.store.failures import Unusable
from conftest import PACE, Serving, client, wait_for

TIMES = 50


def held() -> dict[str, list[str]]:
    """What this process has that a server could leave behind."""
    return {
        "threads": sorted(thread.name for thread in threading.enumerate()),
        "descriptors": sorted(filter(None, map(_target, os.listdir("/proc/self/fd")))),
    }


def _target(number: str) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{number}")
    except FileNotFoundError:
        return ""  # the listing's own


def call(server: Serving) -> None:
    """A write and a read, over a connection that the client ends."""
    with closing(client(server.endpoint, "iam", access_key="test")) as iam:
        count = len(iam.list_users()["Users"])
        iam.create_user(UserName=f"user-{count}")
        assert len(iam.list_users()["Users"]) == count + 1


def run_a_job(server: Serving) -> None:
    """Have every controller and the engine at work."""
    root = server.app.clients_of_root(quickstart.ACCOUNT, user_agent="test")
    made = quickstart.make(root, lambda: threading.Event().wait(0.02))
    aws: Any = root
    job = aws.batch.submit_job(
        jobName="one", jobQueue=made.job_queue, jobDefinition=quickstart.JOB_DEFINITION
    )["jobId"]
    wait_for(lambda: aws.batch.describe_jobs(jobs=[job])["jobs"][0]["status"] == "SUCCEEDED", seconds=60)


def serve(use: Callable[[Serving], None], **settings: Any) -> Path:
    """One server from its start to its end; its directory."""
    server = Serving(Settings(port=0, pace=PACE, slots=2, **settings))
    try:
        use(server)
    finally:
        server.close()
    return server.app.directory


def test_nothing_is_left_after_fifty_servers(tmp_path: Path) -> None:
    """Every tenth runs a job, and every other one keeps everything in memory."""
    durable: dict[str, Any] = {"data_dir": tmp_path / "data"}
    serve(run_a_job, **durable)  # what is loaded once: models, compiled statements
    before = held()
    for number in range(TIMES):
        in_memory = number % 2 == 1
        directory = serve(
            run_a_job if number % 10 == 0 else call, **({"ephemeral": True} if in_memory else durable)
        )
        assert directory.exists() is not in_memory
    assert held() == before


def test_nothing_is_left_of_one_that_had_a_job_in_memory() -> None:
    before = held()
    assert not serve(run_a_job, ephemeral=True).exists()
    assert held() == before


def damage_the_key(directory: Path) -> None:
    (directory / "key").write_bytes(b"short")


def damage_the_database(directory: Path) -> None:
    (directory / "batchyard.db").write_bytes(b"no database" * 1000)


def make_it_newer(directory: Path) -> None:
    with closing(sqlite3.connect(directory / "batchyard.db")) as connection, connection:
        connection.execute("PRAGMA user_version=9999")


@pytest.mark.parametrize("spoil", [damage_the_key, damage_the_database, make_it_newer])
def test_nothing_is_left_of_one_that_could_not_begin(spoil: Callable[[Path], None], tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", port=0)
    App(settings).close()
    spoil(tmp_path / "data")
    before = held()
    for _ in range(3):
        with pytest.raises(Unusable):
            App(settings)
    assert held() == before


def test_nothing_is_left_where_a_part_cannot_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last part: all before it are ended."""

    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("no application today")

    before = held()
    monkeypatch.setattr("batchyard.app.Application", fail)
    with pytest.raises(RuntimeError, match="no application today"):
        App(Settings(ephemeral=True, port=0))
    assert held() == before


def test_closing_again_does_nothing() -> None:
    app = App(Settings(ephemeral=True, port=0))
    app.close()
    app.close()
