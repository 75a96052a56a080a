"""The rows of Batch's hot tables, column by column; a test compares them with the tables."""

from __future__ import annotations

from typing import Any, NamedTuple


class JobRow(NamedTuple):
    """A job, as `job_rows.JOBS` reads it: all of its columns but `document`, and `spec`."""

    id: int
    job_id: str
    account: str
    partition: str
    region: str
    name: str
    name_key: str
    queue_id: int
    queue_arn: str
    definition_id: int
    definition_name: str
    definition_arn: str
    status: str
    status_reason: str | None
    created_ms: int
    started_ms: int | None
    stopped_ms: int | None
    vcpus: float
    memory_mib: int
    gpus: int
    spec_id: int | None
    tags: Any
    share_identifier: str | None
    scheduling_priority: int | None
    array_parent: int | None
    array_index: int | None
    node_count: int | None
    attempt: int
    cancelled: bool
    terminated: bool
    timed_out: bool
    end_reason: str | None
    array_size: int | None
    resources: Any
    asked: Any
    main_node: int | None
    spec: Any


class JobId(NamedTuple):
    """Whether there is such a job, and which."""

    id: int


class WaitingRow(NamedTuple):
    """What placing asks of a job at the front of its queue."""

    id: int
    job_id: str
    definition_id: int
    vcpus: float
    memory_mib: int
    gpus: int
    asked: Any
    created_ms: int
    status_reason: str | None
    share_identifier: str | None
    scheduling_priority: int | None
    resources: Any
    attempt: int
    node_count: int | None


class AttemptRow(NamedTuple):
    """An attempt of a job, or of a node of it."""

    account: str
    job: int
    number: int
    node: int
    environment_id: int
    cluster_arn: str
    task_arn: str | None
    container_instance_arn: str | None
    vcpus: float
    status: str
    started_ms: int | None
    stopped_ms: int | None
    exit_code: int | None
    reason: str | None
    status_reason: str | None
    log_stream: str | None
    containers: Any
    placement: str | None


class ArrayRow(NamedTuple):
    """How far the making and judging of an array job is, and how many of its children have which status."""

    parent: int
    account: str
    base: int
    size: int
    gate: str
    made_to: int
    judged_to: int
    submitted: int
    pending: int
    runnable: int
    starting: int
    running: int
    succeeded: int
    failed: int
    updated_ms: int
