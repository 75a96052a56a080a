"""Engines in directories of their own: each kind that is built, in each way in which this machine lets it work."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from batchyard.engines.contract import Engine
from batchyard.engines.registry import ENGINES, Given
from docker_host.daemons import DockerHost, docker_host
from docker_host.images import make_images
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
_MARKS = {"docker": (pytest.mark.docker,)}
"""What a kind needs that not every machine has."""


@pytest.fixture(scope="session")
def daemon() -> Iterator[DockerHost]:
    """A Docker daemon of this worker's own, which leaves containers running when it ends."""
    with docker_host("--live-restore") as host:
        client = host.client()
        make_images(client)
        client.close()
        yield host


def params(*, without: Sequence[str] = ()) -> list[Any]:
    """The variants of all kinds but some."""
    return [
        pytest.param(name, marks=_MARKS.get(options["kind"], ()))
        for name, options in VARIANTS.items()
        if options["kind"] not in without
    ]


@pytest.fixture(params=params())
def variant(request: pytest.FixtureRequest) -> dict[str, Any]:
    """How this round's engine is made."""
    return VARIANTS[request.param]


@pytest.fixture
def make_engine(
    tmp_path: Path, variant: dict[str, Any], request: pytest.FixtureRequest
) -> Iterator[MakeEngine]:
    """`make_engine()`: an engine on this test's directory; a second one is the next server."""
    made: list[Any] = []
    host: DockerHost | None = request.getfixturevalue("daemon") if variant["kind"] == "docker" else None

    def make(directory: Path = tmp_path / "engine", **options: Any) -> Any:
        options = {"slots": 256} | variant | options
        kind = options.pop("kind")
        given = {name: options.pop(name) for name in list(options) if name in Given.__dataclass_fields__}
        opened: Any = ENGINES[kind].open
        if host is not None:
            made.append(dressed_docker(directory, Given(**given), host.socket, tmp_path))
        else:
            made.append(opened(kind, directory, Given(**given), **options))
        return made[-1]

    yield make
    for engine in made:
        engine.close(end_attempts=False)
    last = make()
    last.close(end_attempts=True)
    if host is not None:
        host.empty()


@pytest.fixture
def engine(make_engine: MakeEngine) -> Any:
    """One engine."""
    return make_engine()


@pytest.fixture
def runs(engine: Engine) -> Runs:
    """One engine, listened to."""
    return Runs(engine)
