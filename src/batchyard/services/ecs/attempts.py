"""A task as an engine's attempt: the command, its environment, its limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from batchyard.engines.engine import TaskSpec
from batchyard.services.ecs.task_overrides import overridden
from batchyard.services.ecs.task_sizes import CPU_UNITS
from batchyard.store.prepared import Row

STOP_TIMEOUT_SECONDS = 30
"""Between SIGTERM and SIGKILL where the container definition names no stopTimeout (ECS API reference)."""


class NoCommand(Exception):
    """Neither the task definition nor its overrides say what to run; an image's own command is not known here."""


def attempt_of(row: Row, document: Mapping[str, Any], *, endpoint: str) -> TaskSpec:
    """What the engine is to run for a task; the attempt's name is the task's id. Raises NoCommand."""
    container = overridden(document["containerDefinitions"][0], row.overrides)
    command = (*(container.get("entryPoint") or ()), *(container.get("command") or ()))
    if not command:
        raise NoCommand
    environment = {
        "LANG": "C.UTF-8",
        "AWS_REGION": row.region,
        "AWS_DEFAULT_REGION": row.region,
        "AWS_ENDPOINT_URL": endpoint,
    }
    environment.update((pair["name"], pair.get("value", "")) for pair in container.get("environment") or ())
    limit = container.get("memory") or document.get("memory")
    return TaskSpec(
        attempt=row.id,
        account=row.account,
        command=command,
        environment=environment,
        memory_mib=int(limit) if limit else None,
        vcpus=row.cpu / CPU_UNITS,
        image=container["image"],
    )


def stop_timeout_seconds(document: Mapping[str, Any]) -> float:
    """How long a task may take to end after SIGTERM."""
    return float(document["containerDefinitions"][0].get("stopTimeout") or STOP_TIMEOUT_SECONDS)
