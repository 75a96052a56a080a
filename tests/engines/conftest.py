"""Engines in directories of their own: each kind that is built, in each way in which this machine lets it work."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from batchyard.engines.contract import Engine
from batchyard.engines.process.engine import ProcessEngine
from batchyard.engines.registry import ENGINES, Given
from docker_host.daemons import DockerHost
from engines.dressing import dressed_docker
from engines.running import MakeEngine, Runs

WAYS: dict[str, dict[str, dict[str, Any]]] = {
    "process": {
        "": {},
        "-cgroup-v1": {"cgroups": ("memory", "cpu", "freezer")},
        "-no-cgroups": {"cgroups": ()},
    }
}
"""How a kind of engine can be made to work here; one that is not named is tried as it is."""
VARIANTS = {
    f"{kind}{way}": options | {"kind": kind}
    for kind, entry in ENGINES.items()
    if entry.open is not None
    for way, options in WAYS.get(kind, {"": {}}).items()
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
        options = {"slots": 256} | variant | options
        kind = options.pop("kind")
        given = {name: options.pop(name) for name in list(options) if name in Given.__dataclass_fields__}
        opened: Any = ENGINES[kind].open
        made.append(opened(kind, directory, Given(**given), **options))
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
