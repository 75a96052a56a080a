"""A data directory with an administrator: `batchyard init` runs once for all tests of a worker."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from cli.commands import batchyard

ACCOUNT = "123456789012"


@dataclass
class Initialised:
    """A data directory, and what `batchyard init --output json` printed of it."""

    directory: Path
    key: dict[str, str]


@pytest.fixture(scope="session")
def _template(tmp_path_factory: pytest.TempPathFactory) -> Initialised:
    directory = tmp_path_factory.mktemp("template") / "data"
    arguments = ("--data-dir", str(directory), "--account", ACCOUNT, "--output", "json")
    done = batchyard("init", *arguments)
    assert done.returncode == 0, done.stderr
    return Initialised(directory, json.loads(done.stdout))


@pytest.fixture
def initialised(tmp_path: Path, _template: Initialised) -> Initialised:
    """A copy of its own for this test."""
    return Initialised(shutil.copytree(_template.directory, tmp_path / "used"), _template.key)


@pytest.fixture
def used(initialised: Initialised) -> Path:
    """A data directory that was used before, with an administrator."""
    return initialised.directory
