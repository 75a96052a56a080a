"""Starts the tasks of placed jobs: the intent is written first, so that none is started twice."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import bindparam, delete, select

from batchyard.framework.clients import Clients
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
from batchyard.services.batch.tables import job_definitions, task_definitions
from batchyard.store.prepared import Prepared, Row
from batchyard.store.transaction import Transaction
from batchyard.store.upsert import insert_missing

T = TypeVar("T")
_log = logging.getLogger(__name__)

STARTED_AT_ONCE = 16
"""Calls of RunTask that are made side by side, so that their commits share a flush (docs/decisions/0000)."""
TOO_MANY_TAGS = "The number of tags of the job and its job definition exceeds 50"
_NO_INSTANCE = "No Container Instances were found in your cluster."
_STREAM_IS_THERE_OR_CANNOT_BE = ("ResourceAlreadyExistsException", "ResourceNotFoundException")
"""Made by the task itself, or by a start whose answer was lost; or the group was deleted this moment."""
_DEFINITION_GONE = ("TaskDefinition not found.", "TaskDefinition is inactive")

_DEFINITION = Prepared(select(job_definitions).where(job_definitions.c.id == bindparam("id")))
_MADE = (
    (task_definitions.c.definition_id == bindparam("definition_id"))
    & (task_definitions.c.service_role == bindparam("service_role"))
    & (task_definitions.c.launch_type == bindparam("launch_type"))
)
_FIND_MADE = Prepared(select(task_definitions.c.arn).where(_MADE))
_FORGET_MADE = Prepared(delete(task_definitions).where(_MADE))


@dataclass(frozen=True, slots=True)
class Start:
    """A job whose task is being asked for, as its row was written with that intent."""

    job: Row
    environment: Row


@dataclass(frozen=True, slots=True)
class _Ready:
    """What the jobs of one definition need in one environment, made by calls as its role."""

    definition: Row
    task_definition_arn: str


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
        self._ready: dict[tuple[int, int], _Ready] = {}
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
        found: list[Start] = []
        for one in unanswered:
            job, environment = jobs.get(one.job), environments[one.environment_id]
            if job is not None and self._prepare(job, environment):
                found.append(Start(job, environment))
        return found

    def run(self, starts: Sequence[Start]) -> None:
        """Ask ECS for the tasks, a few side by side, and write what became of each."""
        if not starts:
            return
        answers = list(self._pool.map(self._ask, starts))
        self._write(lambda tx: self._conclude(tx, answers))

    def _write(self, function: Callable[[Transaction], T]) -> T:
        return self._runtime.store.write(function)

    def _prepare(self, job: Row | None, environment: Row) -> bool:
        if job is None or environment.id in self._refused:
            return False
        try:
            return self._readied(job, environment) is not None
        except ApiError as error:
            if not is_environments_fault(error):
                raise
            self._note_refusal(environment, error)
            return False

    def _note_refusal(self, environment: Row, error: ApiError) -> None:
        if environment.id not in self._refused:
            self._refused.add(environment.id)
            self._refuse(environment, error)

    def _readied(self, job: Row, environment: Row) -> _Ready:
        place = (job.definition_id, environment.id)
        if place not in self._ready:
            self._ready[place] = self._make_ready(job.definition_id, environment)
        return self._ready[place]

    def _make_ready(self, definition_id: int, environment: Row) -> _Ready:
        aws = self._acting_as(environment.service_role, source_arn=environment.arn)
        at = _made_at(definition_id, environment)
        with self._runtime.store.read() as tx:
            definition, made = tx.first(_DEFINITION, id=definition_id), tx.first(_FIND_MADE, **at)
        if definition is None:
            raise LookupError(f"the job definition {definition_id} went meanwhile")
        if task_requests.logs_to_default_group(definition):
            _ensure_log_group(aws)
        if made is not None:
            return _Ready(definition, made.arn)
        registered: Any = aws.ecs.register_task_definition(
            **task_requests.task_definition(definition, environment)
        )
        arn = registered["taskDefinition"]["taskDefinitionArn"]
        keep = insert_missing(task_definitions, {**at, "account": environment.account, "arn": arn})
        self._write(lambda tx: tx.run(keep))
        return _Ready(definition, arn)

    def _intend(self, tx: Transaction, placements: Sequence[tuple[int, Row]]) -> list[Start]:
        jobs = job_rows.find_some(tx, [identity for identity, _ in placements])
        return [
            self._intend_one(tx, job, environment)
            for identity, environment in placements
            if (job := jobs.get(identity)) is not None
            and job.status == RUNNABLE
            # Somebody may have made less of a resource since the plan.
            and consumption.is_covered(tx, job)
        ]

    def _intend_one(self, tx: Transaction, job: Row, environment: Row) -> Start:
        changed = job_rows.change(
            tx,
            job,
            now=self._now,
            status=STARTING,
            status_reason=None,
            attempt=job.attempt + 1,
            started_ms=None,
        )
        cluster = environment.made["cluster_arn"]
        attempt_rows.insert_attempt(tx, changed, environment_id=environment.id, cluster_arn=cluster)
        return Start(changed, environment)

    def _ask(self, start: Start) -> _Answer:
        """One RunTask, and the log stream of the task that it ran.

        The same again (the token) answers with the same task. One job's trouble is not its neighbours', which are
        asked for in the same round.
        """
        answer = self._run_task(start)
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
            ready = self._readied(start.job, start.environment)
            request = task_requests.run_task(
                start.job,
                definition=ready.definition,
                environment=start.environment,
                task_definition_arn=ready.task_definition_arn,
            )
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
        definition = self._readied(start.job, start.environment).definition
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
            at = _made_at(start.job.definition_id, start.environment)
            self._write(lambda tx: tx.run(_FORGET_MADE, **at))
            return _Answer(start)
        if error.message == _NO_INSTANCE:
            return _Answer(start)
        if error.status >= 500 and not isinstance(error, NotBuilt):
            raise error
        return _Answer(start, failed=error.message)

    def _conclude(self, tx: Transaction, answers: Sequence[_Answer]) -> None:
        jobs = job_rows.find_some(tx, [answer.start.job.id for answer in answers])
        for answer in answers:
            self._conclude_one(tx, jobs.get(answer.start.job.id), answer)

    def _conclude_one(self, tx: Transaction, job: Row | None, answer: _Answer) -> None:
        if job is None or job.status != STARTING or job.attempt != answer.start.job.attempt:
            return
        if answer.task is not None:
            self._note_task(tx, job, answer)
        elif answer.is_unknown:
            self.put_back += 1
        else:
            self._take_back(tx, job, answer)

    def _take_back(self, tx: Transaction, job: Row, answer: _Answer) -> None:
        """There is no task: it was no attempt, and the job ends or waits on."""
        attempt_rows.forget(tx, job)
        number = job.attempt - 1
        if answer.failed is not None or job.terminated:
            reason = answer.failed or job.end_reason
            end_job(tx, self._runtime, job, status=FAILED, reason=reason, now=self._now, attempt=number)
        else:
            self.put_back += 1
            job_rows.change(tx, job, now=self._now, status=RUNNABLE, attempt=number)
            wake_array(tx, self._runtime, job)

    def _note_task(self, tx: Transaction, job: Row, answer: _Answer) -> None:
        """Keep the task, and look at it once: what ECS announced before this moment named a task unknown here."""
        task: Any = answer.task
        definition = self._ready[(job.definition_id, answer.start.environment.id)].definition
        attempt_rows.note_task(
            tx,
            job,
            task_arn=task["taskArn"],
            container_instance_arn=task.get("containerInstanceArn"),
            log_streams=task_requests.log_streams(definition, task["taskArn"]),
        )
        cluster = answer.start.environment.made["cluster_arn"]
        key = key_of(job, "batch.watching", task["taskArn"], grouping=cluster)
        schedule(self._runtime, tx, key)


def _made_at(definition_id: int, environment: Row) -> dict[str, Any]:
    return {
        "definition_id": definition_id,
        "service_role": environment.service_role,
        "launch_type": task_requests.launch_type(environment),
    }


def _ensure_log_group(aws: Clients) -> None:
    """Make `/aws/batch/job` where it is missing; its retention is never set (batch-on-behalf.md 2)."""
    found = aws.logs.describe_log_groups(logGroupNamePrefix=task_requests.LOG_GROUP)["logGroups"]
    if any(one["logGroupName"] == task_requests.LOG_GROUP for one in found):
        return
    try:
        aws.logs.create_log_group(logGroupName=task_requests.LOG_GROUP)
    except ApiError as error:
        if error.code != "ResourceAlreadyExistsException":
            raise
