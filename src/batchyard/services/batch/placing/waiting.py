"""What is written of jobs that a plan leaves waiting: why, at which place, and the end of a job that waits too long."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, update

from batchyard.clock import from_microseconds
from batchyard.framework.controller import Controller
from batchyard.framework.elapsed import Elapsed
from batchyard.scheduler import reasons
from batchyard.scheduler.answers import Plan, Wait
from batchyard.services.batch.jobs import job_rows
from batchyard.services.batch.jobs.states import RUNNABLE
from batchyard.services.batch.jobs.stopping import cancel
from batchyard.services.batch.notices import notices
from batchyard.services.batch.placing.lines import Lines
from batchyard.services.batch.queues import queue_fronts
from batchyard.services.batch.queues.queue_fronts import Front
from batchyard.services.batch.queues.time_limits import CANCELED, limit_for
from batchyard.services.batch.reasons import is_denial
from batchyard.services.batch.tables import jobs
from batchyard.store.prepared import Prepared, Row
from batchyard.store.transaction import Transaction

_SET_REASON = Prepared(
    update(jobs)
    .where(jobs.c.id == bindparam("of_id"))
    .where(jobs.c.status == RUNNABLE)
    .values(status_reason=bindparam("reason"))
)


class Waiting:
    """Tells each queue's jobs why they wait; only the first of a queue has a reason, as in AWS."""

    def __init__(self, controller: Controller, elapsed: Elapsed) -> None:
        self._controller = controller
        self._elapsed = elapsed

    def tell(self, lines: Lines, decided: Plan, now: datetime) -> float:
        """Write what changed, in one write if anything did; says in how many seconds the next limit is reached."""
        waiting = lines.jobs
        by_queue = _by_queue(lines, decided)
        changes: list[dict[str, Any]] = []
        fronts: list[Front] = []
        ending: list[tuple[int, str]] = []
        blocking: list[int] = []
        until = math.inf
        for queue in lines.queues:
            waits, before = by_queue[queue.id], lines.kept.get(queue.id)
            told = [(waiting[wait.job_id], _reason(lines, queue.id, wait)) for wait in waits]
            changes += [
                {"of_id": row.id, "reason": reason} for row, reason in told if reason != row.status_reason
            ]
            changes += _passed(before, lines.fronts[queue.id])
            first = told[0][1] if waits and waits[0].at_front else None
            if first is not None and first != told[0][0].status_reason:
                blocking.append(told[0][0].id)
            reason = None if first is None else reasons.code(first)
            front = queue_fronts.next_front(before, queue, [row.id for row, _ in told], reason, now)
            if front is not None:
                fronts.append(front)
            left = self._left(queue, front or (None if before is None else before._asdict()))
            if left is not None and left <= 0:
                ending.append((told[0][0].id, str(reason)))
            elif left is not None:
                until = min(until, left)
        if changes or fronts or ending:
            self._controller.write(lambda tx: self._write(tx, changes, fronts, ending, blocking, now))
        return until

    def _left(self, queue: Row, front: Front | None) -> float | None:
        """How long the first job may still wait for its reason; None where nothing limits it."""
        if front is None or front["reason_ms"] is None or not front["jobs"]:
            return None
        limit = limit_for(queue.time_limits, front["reason"])
        if limit is None:
            return None
        this = (queue.id, front["jobs"][0][0], front["reason"], front["reason_ms"])
        return limit - self._elapsed.seconds(this, from_microseconds(front["reason_ms"] * 1000))

    def _write(
        self,
        tx: Transaction,
        changes: Sequence[dict[str, Any]],
        fronts: Sequence[Front],
        ending: Sequence[tuple[int, str]],
        blocking: Sequence[int],
        now: datetime,
    ) -> None:
        tx.run_many(_SET_REASON, changes)
        for job in job_rows.find_some(tx, blocking).values():
            if job.status == RUNNABLE:
                notices.note(tx, job, now=now, kind=notices.BLOCKED)
        for front in fronts:
            queue_fronts.keep(tx, front)
        for identity, reason in ending:
            row = job_rows.find(tx, identity)
            if row is not None and row.status == RUNNABLE:
                cancel(tx, self._controller.runtime, row, reason=CANCELED.format(reason=reason), now=now)


def _by_queue(lines: Lines, decided: Plan) -> dict[int, list[Wait]]:
    """The jobs that wait, by queue and in the order of its line."""
    queue_of = {row.job_id: queue for queue, rows in lines.fronts.items() for row in rows}
    found: dict[int, list[Wait]] = {queue.id: [] for queue in lines.queues}
    for wait in decided.waits:
        found[queue_of[wait.job_id]].append(wait)
    return found


def _passed(before: Row | None, front: Sequence[Row]) -> list[dict[str, Any]]:
    """Who was the first and is not among those that the plan saw has no reason any more: shares took their turns."""
    if before is None or not before.jobs or any(row.id == before.jobs[0][0] for row in front):
        return []
    return [{"of_id": before.jobs[0][0], "reason": None}] if before.reason is not None else []


def _reason(lines: Lines, queue: int, wait: Wait) -> str | None:
    """Why a job waits; where a role lost a right, its environments' owner is told so."""
    if wait.reason != reasons.INVALID_COMPUTE_ENVIRONMENTS:
        return wait.reason
    attached = [lines.environments[one] for one in lines.attached[queue] if one in lines.environments]
    if any(row.status == "INVALID" and is_denial(row.status_reason) for row in attached):
        return reasons.SERVICE_ROLE_PERMISSIONS
    return wait.reason
