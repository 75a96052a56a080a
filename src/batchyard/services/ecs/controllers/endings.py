"""How a task ended, in ECS's words, and the closing of its row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

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
    outcomes: Mapping[str, Any] = field(default_factory=dict)
    """By container, in AWS's members: exitCode and reason, and `hasBegun` where it has not."""
    ended_at: datetime | None = None
    began_at: datetime | None = None
    """Of an attempt that began and ended before anybody looked."""


def not_started(row: Row) -> Ending:
    """The end of a task that was stopped before it began."""
    return Ending(row.stop_code or "UserInitiated", row.stopped_reason or "Task stopped by user")


def failed_to_start(
    stopped_reason: str, container_reason: str | None = None, *, container: str = ""
) -> Ending:
    """The end of a task of which nothing could be started, because of one of its containers or of all."""
    outcomes = {container: {"reason": container_reason}} if container_reason else {}
    return Ending("TaskFailedToStart", stopped_reason, outcomes)


def of_status(row: Row, status: Status, *, clock: Clock) -> Ending:
    """The end of a task by what the engine knows of its attempt."""
    ended_at, began = _moment(status.stopped_at, status, clock), began_at(status, clock=clock)
    outcomes = outcomes_of(status, row)
    if row.phase == task_rows.HOST_GONE or not status.has_ended or status.state == "lost":
        instance = row.described["ec2InstanceId"]
        lost = host_terminated(instance) if instance else "The host of the task was terminated."
        unknown = {name: {"reason": one["reason"]} for name, one in outcomes.items() if "reason" in one}
        return Ending("TerminationNotice", lost, unknown, ended_at=ended_at, began_at=began)
    if is_no_start(row, status):
        return Ending("TaskFailedToStart", "Task failed to start", outcomes, ended_at=ended_at)
    return Ending(
        "EssentialContainerExited",
        "Essential container in task exited",
        outcomes,
        ended_at=ended_at,
        began_at=began,
    )


def outcomes_of(status: Status, row: Row) -> dict[str, Any]:
    """What is known of the ends of a task's containers, as its row keeps it."""
    containers: Sequence[ContainerStatus] = status.containers
    if not containers and status.reason:
        first = row.described["containers"][0]["name"]
        containers = [ContainerStatus(name=first, reason=status.reason)]
    found = {one.name: _outcome(one) for one in containers}
    return {name: outcome for name, outcome in found.items() if outcome}


def _outcome(container: ContainerStatus) -> dict[str, Any]:
    outcome: dict[str, Any] = {} if container.has_begun else {"hasBegun": False}
    if container.exit_code is not None:
        outcome["exitCode"] = container.exit_code
    return outcome | ({"reason": container.reason} if container.reason else {})


def began_at(status: Status, *, clock: Clock) -> datetime | None:
    """When the engine started the attempt, by the injected clock; None where it does not say."""
    return _moment(status.started_at, status, clock)


def _moment(stamp: float | None, status: Status, clock: Clock) -> datetime | None:
    """One of the engine's stamps by the injected clock; no later than now, where another machine's clock is ahead."""
    if stamp is None:
        return None
    told = datetime.fromtimestamp(stamp, UTC) + (clock.now() - wall_now())
    return told if status.clock == "host" else min(told, clock.now())


def is_no_start(row: Row, status: Status) -> bool:
    """Did an essential container not start: could it not be executed, or did what it waits for not come?"""
    essential = {one["name"] for one in row.described["containers"] if one.get("essential", True)}
    return status.has_ended and any(
        one.reason is not None and (not one.has_begun or one.reason.startswith(_NO_START))
        for one in status.containers
        if one.name in essential
    )


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
            outcomes=ending.outcomes,
            container_reason=None,
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
