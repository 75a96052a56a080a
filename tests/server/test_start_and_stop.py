"""A server in a process that goes on: what it took is given back, however often it is started, and however it ends."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from batchyard.app import App
from batchyard.config import Settings
from batchyard.store.failures import Unusable
from server.rounds import held, left

TESTS = Path(__file__).parents[1]


@pytest.mark.parametrize("times", [10, pytest.param(50, marks=pytest.mark.slow)])
def test_nothing_is_left_after_many_servers(times: int, tmp_path: Path) -> None:
    """In a process of their own: what other tests hold comes and goes."""
    path = os.pathsep.join(filter(None, [str(TESTS), os.environ.get("PYTHONPATH")]))
    done = subprocess.run(
        [
            sys.executable,
            "-W",
            "error::ResourceWarning",
            "-m",
            "server.rounds",
            str(tmp_path / "data"),
            str(times),
        ],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"threads": [], "descriptors": []}


def assert_nothing_is_left(before: dict[str, list[str]], place: Path) -> None:
    found = left(before)
    assert [one for one in found["descriptors"] if str(place) in one] == []
    assert found["threads"] == []


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
    assert_nothing_is_left(before, tmp_path)


def test_nothing_is_left_where_a_part_cannot_be_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The last part: all before it are ended."""

    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("no application today")

    before = held()
    monkeypatch.setattr("batchyard.app.Application", fail)
    with pytest.raises(RuntimeError, match="no application today"):
        App(Settings(data_dir=tmp_path / "data", port=0))
    assert_nothing_is_left(before, tmp_path)


def test_closing_again_does_nothing() -> None:
    app = App(Settings(ephemeral=True, port=0))
    app.close()
    app.close()
