"""Running attempts: what ECS announces of their tasks is looked up as the environment's role, up to 100 at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from batchyard.framework.clients import Clients
from batchyard.framework.controller import ActingAs, Again, Controller, Outcome
from batchyard.framework.elapsed import Elapsed
from batchyard.framework.errors import ApiError
from batchyard.framework.runtime import Runtime
from batchyard.framework.work import Key
from batchyard.services.batch.environments.refused_environments import (
    is_environments_fault,
    mark_refused,
)
from batchyard.services.batch.jobs import attempt_rows, job_rows
from batchyard.services.batch.jobs.node_reports import end_node, note_node
from batchyard.services.batch.jobs.states import PLACED
from batchyard.services.batch.jobs.task_reports import (
    end_attempt,
    is_to_end,
    left_seconds,
    note_progress,
)
from batchyard.services.batch.rows import AttemptRow, JobRow
from batchyard.services.batch.service import batch
from batchyard.services.batch.tables import compute_environments
from batchyard.store.prepared import Row
from batchyard.store.transaction import Transaction

Tasks = Mapping[str, Any]
"""Tasks by their ARNs, as ECS describes them; a task that ECS does not know is not in it."""


@batch.controller
class WatchingController(Controller):
    """Its keys are tasks' ARNs, by cluster; those that stand for no job are passed over."""

    name = "batch.watching"
    listens = ("ecs.task",)
    batch_size = 100

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        self._elapsed = Elapsed(runtime.clock)

    def reconcile(self, keys: Sequence[Key], acting_as: ActingAs) -> Outcome:
        with self.read() as tx:
            live = attempt_rows.find_live_by_tasks(tx, [key.name for key in keys])
            mine = {key: live[key.name] for key in keys if key.name in live}
            environment = _environment(tx, next(iter(mine.values()))) if mine else None
        if not mine:
            return None
        if environment is None:
            return self._conclude(mine, {}, None)
        aws = acting_as(environment.service_role, source_arn=environment.arn)
        try:
            tasks = _describe(aws, next(iter(mine.values())).cluster_arn, [key.name for key in mine])
            return self._conclude(mine, tasks, aws)
        except ApiError as error:
            if not is_environments_fault(error):
                raise
            mark_refused(self, keys[0], environment, error)
            # Later than the environment is looked at again: it shows VALID only until this is refused once more.
            return Again(self.refused_seconds + self.runtime.settings.pace)

    def _conclude(self, mine: Mapping[Key, Row], tasks: Tasks, aws: Clients | None) -> Outcome:
        """Write what the tasks tell; then have those stopped that shall end. Says when a deadline comes."""
        rows = self.write(lambda tx: self._take_over(tx, list(mine), tasks))
        outcome: dict[Key, Again] = {}
        for key, row in rows.items():
            if row is None:
                continue
            if is_to_end(row):
                self._stop(aws, mine[key], tasks[key.name], row)
                continue
            decides = row.main_node in (None, mine[key].node)
            left = left_seconds(row, self._elapsed) if decides else None
            if left is not None:
                outcome[key] = Again(max(0.0, left))
        return outcome

    def _take_over(self, tx: Transaction, keys: Sequence[Key], tasks: Tasks) -> dict[Key, Row | None]:
        """Bring jobs to where their tasks are; returns their rows, None of each whose task is over."""
        live = attempt_rows.find_live_by_tasks(tx, [key.name for key in keys])
        jobs = job_rows.find_some(tx, [attempt.job for attempt in live.values()])
        return {
            key: self._take_over_one(tx, jobs.get(live[key.name].job), live[key.name], tasks.get(key.name))
            for key in keys
            if key.name in live
        }

    def _take_over_one(
        self, tx: Transaction, row: Row | None, attempt: AttemptRow, task: Mapping[str, Any] | None
    ) -> Row | None:
        if row is None or row.status not in PLACED:
            return None
        if row.node_count is not None:
            return self._take_over_node(tx, row.id, attempt, task)
        if task is None or task["lastStatus"] == "STOPPED":
            end_attempt(tx, self.runtime, row, attempt, task, now=self.now)
            return None
        return note_progress(tx, row, attempt, task, elapsed=self._elapsed, now=self.now)

    def _take_over_node(
        self, tx: Transaction, identity: int, attempt: AttemptRow, task: Mapping[str, Any] | None
    ) -> Row | None:
        """The same for one of several nodes: what the others told before has changed their job."""
        row = job_rows.find(tx, identity)
        if row is None:
            return None
        if task is None or task["lastStatus"] == "STOPPED":
            end_node(tx, self.runtime, row, attempt, task, now=self.now)
            return None
        return note_node(tx, self.runtime, row, attempt, task, elapsed=self._elapsed, now=self.now)

    def _stop(self, aws: Clients | None, attempt: AttemptRow, task: Mapping[str, Any], row: JobRow) -> None:
        if aws is not None and task["desiredStatus"] != "STOPPED":
            aws.ecs.stop_task(cluster=attempt.cluster_arn, task=task["taskArn"], reason=row.end_reason or "")


def _environment(tx: Transaction, attempt: AttemptRow) -> Row | None:
    table = compute_environments
    return tx.first(select(table).where(table.c.id == attempt.environment_id))


def _describe(aws: Clients, cluster: str, arns: Sequence[str]) -> Tasks:
    try:
        answer: Any = aws.ecs.describe_tasks(cluster=cluster, tasks=list(arns))
    except ApiError as error:
        if error.code == "ClusterNotFoundException":
            return {}
        raise
    return {one["taskArn"]: one for one in answer["tasks"]}
