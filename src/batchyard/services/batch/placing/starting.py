"""Starts the tasks of placed jobs: the intent is written first, so that none is started twice."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from batchyard import ids
from batchyard.framework.context import schedule
from batchyard.framework.controller import ActingAs
from batchyard.framework.errors import ApiError, NotBuilt
from batchyard.framework.runtime import Runtime
from batchyard.services.batch.consumables import consumption
from batchyard.services.batch.environments.refused_environments import Refuse, is_environments_fault
from batchyard.services.batch.jobs import attempt_rows, job_rows
from batchyard.services.batch.jobs.job_endings import end_job, key_of, wake_array
from batchyard.services.batch.jobs.states import FAILED, RUNNABLE, STARTING
from batchyard.services.batch.placing import task_requests
from batchyard.services.batch.placing.gang_starts import (
    TAKEN_BACK,
    as_node,
    is_there,
    one_of_each_range,
    rows_to_start,
)
from batchyard.services.batch.placing.readying import Readier
from batchyard.services.batch.rows import JobRow
from batchyard.store.prepared import Row
from batchyard.store.transaction import Transaction

T = TypeVar("T")
_log = logging.getLogger(__name__)

STARTED_AT_ONCE = 16
"""Calls of RunTask that are made side by side, so that their commits share a flush (docs/decisions/0000)."""
TOO_MANY_TAGS = "The number of tags of the job and its job definition exceeds 50"
_NO_INSTANCE = "No Container Instances were found in your cluster."
_STREAM_IS_THERE_OR_CANNOT_BE = ("ResourceAlreadyExistsException", "ResourceNotFoundException")
"""Made by the task itself, or by a start whose answer was lost; or the group was deleted this moment."""
_DEFINITION_GONE = ("TaskDefinition not found.", "TaskDefinition is inactive")


@dataclass(frozen=True, slots=True)
class Start:
    """A job, or a node of it, whose task is being asked for, as its row was written with that intent."""

    job: JobRow
    environment: Row
    node: int | None = None
    placement: str = ""


@dataclass(frozen=True, slots=True)
class _Answer:
    start: Start
    task: Mapping[str, Any] | None = None
    failed: str | None = None
    """The job itself is at fault: it ends with this reason."""
    is_unknown: bool = False
    """The call may have run the task: the job stays STARTING, and its next round asks again at the same place."""


class Starter:
    """One round of starts, for one account and Region."""

    def __init__(
        self,
        runtime: Runtime,
        acting_as: ActingAs,
        refuse: Refuse,
        *,
        pool: ThreadPoolExecutor,
        now: datetime,
    ) -> None:
        self._runtime = runtime
        self._acting_as = acting_as
        self._refuse = refuse
        self._pool = pool
        self._now = now
        self._readier = Readier(runtime, acting_as)
        self._refused: set[int] = set()
        self.put_back = 0
        """How many jobs went back to RUNNABLE."""

    def intend(self, placements: Sequence[tuple[int, Row]]) -> list[Start]:
        """Write (job id, environment) as STARTING, where the environment can take it; returns those that are so.

        What does not need a job's own task (log group, task definition) is made before.
        """
        with self._runtime.store.read() as tx:
            jobs = job_rows.find_some(tx, [identity for identity, _ in placements])
        able = [(identity, row) for identity, row in placements if self._prepare(jobs.get(identity), row)]
        return self._write(lambda tx: self._intend(tx, able))

    def resume(self, unanswered: Sequence[Row], environments: Mapping[int, Row]) -> list[Start]:
        """Attempts that were intended before the server went down, to be asked for again."""
        with self._runtime.store.read() as tx:
            jobs = job_rows.find_some(tx, [one.job for one in unanswered])
        nodes: dict[int, list[Row]] = defaultdict(list)
        for one in unanswered:
            nodes[one.job].append(one)
        found: list[Start] = []
        for identity, rows in nodes.items():
            job, environment = jobs.get(identity), environments[rows[0].environment_id]
            if job is not None and self._prepare(job, environment):
                found += _starts(job, environment, [one.node for one in rows], rows[0].placement)
        return found

    def run(self, starts: Sequence[Start]) -> None:
        """Ask ECS for the tasks, a few side by side, and write what became of each."""
        if not starts:
            return
        answers = self._whole_or_not(list(self._pool.map(self._ask, starts)))
        self._write(lambda tx: self._conclude(tx, answers))

    def _whole_or_not(self, answers: Sequence[_Answer]) -> list[_Answer]:
        """The answers; where some nodes of a job have a task and others none, these are taken back."""
        found = [one for one in answers if one.start.node is None]
        for gang in _by_gang(answers).values():
            if any(one.is_unknown for one in gang):
                found += gang
            elif all(is_there(one.task) for one in gang):
                found += self._pool.map(self._with_log_stream, gang)
            else:
                found += self._pool.map(self._taken_back, gang)
        return found

    def _taken_back(self, answer: _Answer) -> _Answer:
        """The answer of a node without its task, which is stopped before it begins."""
        start, task = answer.start, answer.task
        if task is None:
            return answer
        aws = self._acting_as(start.environment.service_role, source_arn=start.environment.arn)
        cluster = start.environment.made["cluster_arn"]
        try:
            aws.ecs.stop_task(cluster=cluster, task=task["taskArn"], reason=TAKEN_BACK)
        except Exception:
            _log.exception("the task of node %s could not be taken back", start.job.job_id)
            return _Answer(start, is_unknown=True)
        return _Answer(start)

    def _write(self, function: Callable[[Transaction], T]) -> T:
        return self._runtime.store.write(function)

    def _prepare(self, job: JobRow | None, environment: Row) -> bool:
        if job is None or environment.id in self._refused:
            return False
        kinds = [job] if job.node_count is None else one_of_each_range(job)
        try:
            return all(self._readier.ready(one, environment) is not None for one in kinds)
        except ApiError as error:
            if not is_environments_fault(error):
                raise
            self._note_refusal(environment, error)
            return False

    def _note_refusal(self, environment: Row, error: ApiError) -> None:
        if environment.id not in self._refused:
            self._refused.add(environment.id)
            self._refuse(environment, error)

    def _intend(self, tx: Transaction, placements: Sequence[tuple[int, Row]]) -> list[Start]:
        jobs = job_rows.find_some(tx, [identity for identity, _ in placements])
        return [
            start
            for identity, environment in placements
            if (job := jobs.get(identity)) is not None
            and job.status == RUNNABLE
            # Somebody may have made less of a resource since the plan.
            and consumption.is_covered(tx, job)
            for start in self._intend_one(tx, job, environment)
        ]

    def _intend_one(self, tx: Transaction, job: JobRow, environment: Row) -> list[Start]:
        changed = job_rows.change(
            tx,
            job,
            now=self._now,
            status=STARTING,
            status_reason=None,
            attempt=job.attempt + 1,
            started_ms=None,
        )
        at = {"environment_id": environment.id, "cluster_arn": environment.made["cluster_arn"]}
        if changed.node_count is None:
            attempt_rows.insert_attempt(tx, changed, **at)
            return [Start(changed, environment)]
        placement = ids.hexadecimal(8)
        starts = _starts(changed, environment, range(changed.node_count), placement)
        for start in starts:
            attempt_rows.insert_attempt(tx, start.job, **at, node=start.node or 0, placement=placement)
        return starts

    def _ask(self, start: Start) -> _Answer:
        """One RunTask, and the log stream of the task that it ran.

        The same again (the token) answers with the same task. One job's trouble is not its neighbours', which are
        asked for in the same round.
        """
        answer = self._run_task(start)
        # A node's task has no use for a stream before those of all are there.
        return answer if answer.task is None or start.node is not None else self._with_log_stream(answer)

    def _with_log_stream(self, answer: _Answer) -> _Answer:
        start = answer.start
        if answer.task is None:
            return answer
        try:
            self._make_log_stream(start, answer.task)
        except Exception:
            _log.exception("the log stream of job %s could not be made", start.job.job_id)
            return _Answer(start, is_unknown=True)
        return answer

    def _run_task(self, start: Start) -> _Answer:
        aws = self._acting_as(start.environment.service_role, source_arn=start.environment.arn)
        try:
            ready = self._readier.ready(start.job, start.environment)
            request = task_requests.run_task(
                start.job,
                definition=ready.definition,
                environment=start.environment,
                task_definition_arn=ready.task_definition_arn,
            )
            if start.node is not None:
                request = as_node(request, start.job, node=start.node, placement=start.placement)
            answer: Any = aws.ecs.run_task(**request)
        except task_requests.TooManyTags:
            return _Answer(start, failed=TOO_MANY_TAGS)
        except ApiError as error:
            return self._judge(start, error)
        except Exception:
            _log.exception("job %s could not be asked for", start.job.job_id)
            return _Answer(start, is_unknown=True)
        tasks = answer["tasks"]
        return _Answer(start, task=tasks[0] if tasks else None)

    def _make_log_stream(self, start: Start, task: Mapping[str, Any]) -> None:
        """Make the task's streams in Batch's own group (the document, "logs"); nothing in a group of the owner's.

        The task runs already: where this is refused, the environment is told of it, and the job goes on, as the
        task's own role makes the stream where it may.
        """
        definition = self._readier.ready(start.job, start.environment).definition
        aws = self._acting_as(start.environment.service_role, source_arn=start.environment.arn)
        for name in task_requests.default_streams(definition, task["taskArn"]):
            try:
                aws.logs.create_log_stream(logGroupName=task_requests.LOG_GROUP, logStreamName=name)
            except ApiError as error:
                if is_environments_fault(error):
                    self._note_refusal(start.environment, error)
                    return
                if error.code not in _STREAM_IS_THERE_OR_CANNOT_BE:
                    raise

    def _judge(self, start: Start, error: ApiError) -> _Answer:
        """Whose fault it is: the environment's or ECS's (the job waits on), or the job's own (it fails)."""
        if is_environments_fault(error):
            self._note_refusal(start.environment, error)
            return _Answer(start)
        if error.code == "ConflictException" and error.members.get("resourceIds"):
            return _Answer(start, task={"taskArn": error.members["resourceIds"][0]})
        if error.message in _DEFINITION_GONE:
            self._readier.forget(start.job, start.environment)
            return _Answer(start)
        if error.message == _NO_INSTANCE:
            return _Answer(start)
        if error.status >= 500 and not isinstance(error, NotBuilt):
            raise error
        return _Answer(start, failed=error.message)

    def _conclude(self, tx: Transaction, answers: Sequence[_Answer]) -> None:
        jobs = job_rows.find_some(tx, [answer.start.job.id for answer in answers])
        for answer in answers:
            if answer.start.node is None:
                self._conclude_one(tx, jobs.get(answer.start.job.id), answer)
        for identity, gang in _by_gang(answers).items():
            self._conclude_gang(tx, jobs.get(identity), gang)

    def _conclude_gang(self, tx: Transaction, job: JobRow | None, gang: Sequence[_Answer]) -> None:
        """Keep the tasks of all nodes, or none of them."""
        if job is None or job.status != STARTING or job.attempt != gang[0].start.job.attempt:
            return
        if any(answer.is_unknown for answer in gang):
            self.put_back += 1
        elif all(answer.task is not None for answer in gang):
            for answer in gang:
                self._note_task(tx, job, answer)
        else:
            failed = next((answer for answer in gang if answer.failed is not None), gang[0])
            self._take_back(tx, job, failed)

    def _conclude_one(self, tx: Transaction, job: JobRow | None, answer: _Answer) -> None:
        if job is None or job.status != STARTING or job.attempt != answer.start.job.attempt:
            return
        if answer.task is not None:
            self._note_task(tx, job, answer)
        elif answer.is_unknown:
            self.put_back += 1
        else:
            self._take_back(tx, job, answer)

    def _take_back(self, tx: Transaction, job: JobRow, answer: _Answer) -> None:
        """There is no task: it was no attempt, and the job ends or waits on."""
        (attempt_rows.forget if job.node_count is None else attempt_rows.forget_gang)(tx, job)
        number = job.attempt - 1
        if answer.failed is not None or job.terminated:
            reason = answer.failed or job.end_reason
            end_job(tx, self._runtime, job, status=FAILED, reason=reason, now=self._now, attempt=number)
        else:
            self.put_back += 1
            job_rows.change(tx, job, now=self._now, status=RUNNABLE, attempt=number)
            wake_array(tx, self._runtime, job)

    def _note_task(self, tx: Transaction, job: JobRow, answer: _Answer) -> None:
        """Keep the task, and look at it once: what ECS announced before this moment named a task unknown here."""
        task: Any = answer.task
        definition = self._readier.ready(answer.start.job, answer.start.environment).definition
        attempt_rows.note_task(
            tx,
            answer.start.job,
            task_arn=task["taskArn"],
            container_instance_arn=task.get("containerInstanceArn"),
            log_streams=task_requests.log_streams(definition, task["taskArn"]),
            node=answer.start.node or 0,
        )
        cluster = answer.start.environment.made["cluster_arn"]
        key = key_of(job, "batch.watching", task["taskArn"], grouping=cluster)
        schedule(self._runtime, tx, key)


def _starts(job: JobRow, environment: Row, nodes: Sequence[int], placement: str | None) -> list[Start]:
    """The start of a job, or those of these nodes of it."""
    if job.node_count is None:
        return [Start(job, environment)]
    return [
        Start(row, environment, node, placement or "")
        for node, row in zip(nodes, rows_to_start(job, nodes), strict=True)
    ]


def _by_gang(answers: Sequence[_Answer]) -> dict[int, list[_Answer]]:
    """Those of nodes, by their job's `id`."""
    found: dict[int, list[_Answer]] = defaultdict(list)
    for answer in answers:
        if answer.start.node is not None:
            found[answer.start.job.id].append(answer)
    return found
