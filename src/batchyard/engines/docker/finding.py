"""Finds the attempts that the daemon has, by their labels."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from batchyard.engines.docker.attempts import Attempt
from batchyard.engines.docker.bodies import (
    ATTEMPT_LABEL,
    CONTAINER_LABEL,
    ENGINE_LABEL,
    GPUS_LABEL,
    TASK_LABEL,
)
from batchyard.engines.docker.daemon import Daemon
from batchyard.engines.docker.plans import Plan
from batchyard.engines.docker.statuses import seen


def find_attempts(daemon: Daemon, engine: str) -> list[Attempt]:
    """Every attempt of an engine of which something has begun. Of the others nobody knows yet whether they are still
    wanted: they begin when they are asked for, or are cleaned away. Raises EngineError."""
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for one in daemon.containers(f"{ENGINE_LABEL}={engine}"):
        groups[one["Labels"][ATTEMPT_LABEL]].append(one)
    found = (_attempt(daemon, name, containers) for name, containers in groups.items())
    return [one for one in found if one.has_begun]


def _attempt(daemon: Daemon, name: str, containers: list[dict[str, Any]]) -> Attempt:
    labels = containers[0]["Labels"]
    attempt = Attempt(name, Plan.read(labels[TASK_LABEL]))
    for one in containers:
        container = one["Labels"][CONTAINER_LABEL]
        attempt.seen[container] = seen(container, daemon.inspect(one["Id"]))
        attempt.gpus += tuple(filter(None, one["Labels"].get(GPUS_LABEL, "").split(",")))
    return attempt
