"""Runs the `batchyard` command as a process, as a user does."""

from __future__ import annotations

import ctypes
import os
import sqlite3
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from journeys.served import BIN

_libc = ctypes.CDLL(None)
_PR_CAPBSET_DROP = 24
_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH = 1, 2
"""Of linux/prctl.h and linux/capability.h."""


def batchyard(
    *arguments: str,
    variables: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    before: Callable[[], None] | None = None,
) -> subprocess.CompletedProcess[str]:
    """One command with its output; without settings from this process's own environment."""
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("BATCHYARD_", "AWS_"))
    }
    return subprocess.run(
        [str(BIN / "batchyard"), *arguments],
        env={**inherited, **(variables or {})},
        cwd=cwd,
        preexec_fn=before,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def obey_modes() -> None:
    """For `before`: let the command obey the modes of files though root runs the tests."""
    for capability in (_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH):
        _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)


def refused(done: subprocess.CompletedProcess[str]) -> str:
    """The sentence of a command that refused; fails where it is not one sentence in the house's form."""
    assert done.returncode == 2, (done.stdout, done.stderr)
    assert done.stdout == ""
    sentence, *advice = done.stderr.splitlines()
    assert sentence.startswith("batchyard: ")
    assert not sentence.endswith(".")
    assert len(advice) <= 1
    assert all(line.startswith("help: ") for line in advice)
    return sentence.removeprefix("batchyard: ")


def contents(directory: Path) -> dict[str, bytes]:
    """What is in a directory, which a refused command leaves so; SQLite's index of its log is none of it."""
    files = [path for path in directory.rglob("*") if path.is_file() and not path.name.endswith("-shm")]
    return {str(path.relative_to(directory)): path.read_bytes() for path in files}


def sql(directory: Path, *statements: str) -> list[tuple[Any, ...]]:
    """Run statements on a data directory's database behind its back; the rows of all of them."""
    with closing(sqlite3.connect(directory / "batchyard.db")) as connection, connection:
        return [row for statement in statements for row in connection.execute(statement)]


@contextmanager
def mounted(place: Path, options: str) -> Iterator[Path]:
    """A small file system in memory at `place`; skips where this machine does not let us mount one."""
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)]
    if subprocess.run(command, capture_output=True, check=False, timeout=10).returncode:
        pytest.skip("mounting a file system is not permitted here")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True, timeout=10)
