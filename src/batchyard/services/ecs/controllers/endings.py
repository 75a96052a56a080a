"""How a task ended, in ECS's words, and the closing of its row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from batchyard.clock import Clock, wall_now
from batchyard.engines.contract import ContainerStatus, Status
from batchyard.services.ecs.tasks import task_rows
from batchyard.services.ecs.tasks.log_delivery import host_terminated
from batchyard.store.prepared import Row
from batchyard.store.transaction import Transaction

_NO_START = ("CannotStartContainerError", "CannotCreateContainerError", "CannotPullContainerError")


@dataclass(frozen=True, slots=True)
class Ending:
    """What is told of a task that is over. A stop code that the row has already (from StopTask) stays."""

    stop_code: str
    stopped_reason: str
    exit_code: int | None = None
    container_reason: str | None = None
    ended_at: datetime | None = None
    began_at: datetime | None = None
    """Of an attempt that began and ended before anybody looked."""


def not_started(row: Row) -> Ending:
    """The end of a task that was stopped before it began."""
    return Ending(row.stop_code or "UserInitiated", row.stopped_reason or "Task stopped by user")


def failed_to_start(stopped_reason: str, container_reason: str | None) -> Ending:
    """The end of a task whose container could not be started."""
    return Ending("TaskFailedToStart", stopped_reason, container_reason=container_reason)


def of_status(row: Row, status: Status, *, clock: Clock) -> Ending:
    """The end of a task by what the engine knows of its attempt."""
    ended_at, began = _moment(status.stopped_at, status, clock), began_at(status, clock=clock)
    container = _container(status)
    if row.phase == task_rows.HOST_GONE or not status.has_ended or status.state == "lost":
        instance = row.described["ec2InstanceId"]
        lost = host_terminated(instance) if instance else "The host of the task was terminated."
        return Ending(
            "TerminationNotice", lost, container_reason=container.reason, ended_at=ended_at, began_at=began
        )
    if is_no_start(status):
        return Ending(
            "TaskFailedToStart",
            "Task failed to start",
            exit_code=container.exit_code,
            container_reason=container.reason,
            ended_at=ended_at,
        )
    return Ending(
        "EssentialContainerExited",
        "Essential container in task exited",
        exit_code=container.exit_code,
        container_reason=container.reason,
        ended_at=ended_at,
        began_at=began,
    )


def _container(status: Status) -> ContainerStatus:
    """The task's one container."""
    return status.containers[0] if status.containers else ContainerStatus(name="", reason=status.reason)


def began_at(status: Status, *, clock: Clock) -> datetime | None:
    """When the engine started the attempt, by the injected clock; None where it does not say."""
    return _moment(status.started_at, status, clock)


def _moment(stamp: float | None, status: Status, clock: Clock) -> datetime | None:
    """One of the engine's stamps by the injected clock; no later than now, where another machine's clock is ahead."""
    if stamp is None:
        return None
    told = datetime.fromtimestamp(stamp, UTC) + (clock.now() - wall_now())
    return told if status.clock == "host" else min(told, clock.now())


def is_no_start(status: Status) -> bool:
    """Did the engine fail to execute the command at all?"""
    return status.has_ended and (_container(status).reason or "").startswith(_NO_START)


def close(tx: Transaction, endings: Sequence[tuple[Row, Ending, bool]], *, now: datetime) -> list[Row]:
    """Turn tasks STOPPED and give back what they held; the bool: output is left to be put.

    Returns those that were not closed before. Their slot is free from here on.
    """
    closed: list[Row] = []
    running: list[Row] = []
    fresh = {row.id: row for row in task_rows.find_states(tx, [known.id for known, _, _ in endings])}
    for known, ending, draining in endings:
        row = fresh.pop(known.id, None)
        if row is None or row.last_status == "STOPPED":
            continue
        if row.last_status == "RUNNING":
            running.append(row)
        began = row.started_at or ending.began_at
        task_rows.change(
            tx,
            row.id,
            phase=task_rows.DRAINING if draining else task_rows.ENDED,
            last_status="STOPPED",
            desired_status="STOPPED",
            sealed_token=None,
            stop_code=row.stop_code or ending.stop_code,
            stopped_reason=row.stopped_reason or ending.stopped_reason,
            exit_code=ending.exit_code,
            container_reason=ending.container_reason,
            started_at=began,
            stopping_at=row.stopping_at or now,
            ended_at=(ending.ended_at or now) if began is not None else None,
            stopped_at=now,
        )
        task_rows.give_back_room(tx, row)
        closed.append(row)
    task_rows.count(tx, running, pending=0, running=-1)
    task_rows.count(tx, [row for row in closed if row not in running], pending=-1, running=0)
    return closed
