"""Engines in directories of their own, once for each way in which this machine can hold processes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from batchyard.engines.process import ProcessEngine
from engines.running import MakeEngine, Runs

VARIANTS = {
    "process": {},
    "process-cgroup-v1": {"cgroups": ("memory", "cpu", "freezer")},
    "process-no-cgroups": {"cgroups": ()},
}


@pytest.fixture(params=VARIANTS)
def variant(request: pytest.FixtureRequest) -> dict[str, Any]:
    """How this round's engine is made."""
    return VARIANTS[request.param]


@pytest.fixture
def make_engine(tmp_path: Path, variant: dict[str, Any]) -> Iterator[MakeEngine]:
    """`make_engine()`: an engine on this test's directory; a second one is the next server."""
    made: list[ProcessEngine] = []

    def make(directory: Path = tmp_path / "engine", **options: Any) -> ProcessEngine:
        made.append(ProcessEngine(directory, **({"slots": 256} | variant | options)))
        return made[-1]

    yield make
    for engine in made:
        engine.close(end_attempts=False)
    last = make()
    last.close(end_attempts=True)


@pytest.fixture
def engine(make_engine: MakeEngine) -> ProcessEngine:
    """One engine."""
    return make_engine()


@pytest.fixture
def runs(engine: ProcessEngine) -> Runs:
    """One engine, listened to."""
    return Runs(engine)
