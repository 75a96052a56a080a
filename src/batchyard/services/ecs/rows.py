"""The rows of ECS's hot tables, column by column; a test compares them with the tables."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple


class TaskRow(NamedTuple):
    """A task."""

    id: str
    account: str
    partition: str
    region: str
    cluster: str
    desired_status: str
    last_status: str
    phase: str
    ordinal: datetime
    family: str
    revision: int
    task_group: str
    launch_type: str
    instance: str | None
    started_by: str | None
    cpu: int
    memory: int
    gpu_ids: Any
    described: Any
    overrides: Any
    tags: Any
    version: int
    created_at: datetime
    started_at: datetime | None
    stopping_at: datetime | None
    ended_at: datetime | None
    stopped_at: datetime | None
    stop_code: str | None
    stopped_reason: str | None
    container_reason: str | None
    cursors: Any
    engine: str
    sealed_token: str | None
    gang: str | None
    outcomes: Any


class TaskState(NamedTuple):
    """A task without what never changes of it and is costly to read."""

    id: str
    account: str
    partition: str
    region: str
    cluster: str
    desired_status: str
    last_status: str
    phase: str
    ordinal: datetime
    family: str
    revision: int
    task_group: str
    launch_type: str
    instance: str | None
    started_by: str | None
    cpu: int
    memory: int
    gpu_ids: Any
    version: int
    created_at: datetime
    started_at: datetime | None
    stopping_at: datetime | None
    ended_at: datetime | None
    stopped_at: datetime | None
    stop_code: str | None
    stopped_reason: str | None
    container_reason: str | None
    cursors: Any
    engine: str
    sealed_token: str | None
    gang: str | None
    outcomes: Any
