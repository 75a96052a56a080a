"""The engines' tests speak of commands; on an engine with images each gets one, and sees the test's directory."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from batchyard.engines.contract import ContainerSpec, Mount, Status, TaskSpec, Volume
from batchyard.engines.docker.engine import DockerEngine
from batchyard.engines.docker.settings import DockerSettings
from batchyard.engines.registry import Given
from docker_host.images import PYTHON

SHARED = "the test's own"


class DressedDocker(DockerEngine):
    """A Docker engine that takes tests' specs."""

    shared: Path

    def start(self, specs: Sequence[TaskSpec]) -> list[Status]:
        """Start them in an image with Python."""
        return super().start([_dressed(one, self.shared) for one in specs])


def dressed_docker(directory: Path, given: Given, socket: Path, shared: Path) -> DressedDocker:
    """An engine of a daemon; `shared` is in every container, at its own path."""
    settings = DockerSettings(socket=str(socket))
    engine = DressedDocker(directory, settings=settings, slots=given.slots, ephemeral=given.ephemeral)
    engine.shared = shared
    return engine


def _dressed(spec: TaskSpec, shared: Path) -> TaskSpec:
    volume = Volume(name=SHARED, host_path=str(shared))
    containers = tuple(_container(one, shared) for one in spec.containers)
    return dataclasses.replace(spec, containers=containers, volumes=(*spec.volumes, volume))


def _container(container: ContainerSpec, shared: Path) -> ContainerSpec:
    mount = Mount(volume=SHARED, path=str(shared))
    image = PYTHON if container.image == "none" else container.image
    return dataclasses.replace(container, image=image, mounts=(*container.mounts, mount))
