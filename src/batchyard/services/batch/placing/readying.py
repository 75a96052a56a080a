"""What jobs of one definition need in one environment before their tasks: a task definition, a log group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, delete, select

from batchyard.framework.clients import Clients
from batchyard.framework.controller import ActingAs
from batchyard.framework.errors import ApiError
from batchyard.framework.runtime import Runtime
from batchyard.services.batch.placing import task_requests
from batchyard.services.batch.placing.gang_starts import definition_for
from batchyard.services.batch.rows import JobRow
from batchyard.services.batch.tables import job_definitions, task_definitions
from batchyard.store.prepared import Prepared, Row
from batchyard.store.upsert import insert_missing

_DEFINITION = Prepared(select(job_definitions).where(job_definitions.c.id == bindparam("id")))
_MADE = (
    (task_definitions.c.definition_id == bindparam("definition_id"))
    & (task_definitions.c.service_role == bindparam("service_role"))
    & (task_definitions.c.launch_type == bindparam("launch_type"))
    & (task_definitions.c.node_range == bindparam("node_range"))
)
_FIND_MADE = Prepared(select(task_definitions.c.arn).where(_MADE))
_FORGET_MADE = Prepared(delete(task_definitions).where(_MADE))


@dataclass(frozen=True, slots=True)
class Ready:
    """What the jobs of one definition need in one environment, made by calls as its role."""

    definition: Row
    task_definition_arn: str


class Readier:
    """Makes it ready as the environment's role, once for a round of starts."""

    def __init__(self, runtime: Runtime, acting_as: ActingAs) -> None:
        self._runtime = runtime
        self._acting_as = acting_as
        self._ready: dict[tuple[int, int, int | None], Ready] = {}

    def ready(self, job: JobRow, environment: Row) -> Ready:
        """What a job, or a node as of `nodes.node_rows`, needs there. Raises ApiError as the role is refused."""
        place = (job.definition_id, environment.id, job.spec.get("range"))
        if place not in self._ready:
            self._ready[place] = self._make(job, environment)
        return self._ready[place]

    def _make(self, job: JobRow, environment: Row) -> Ready:
        aws = self._acting_as(environment.service_role, source_arn=environment.arn)
        at = _made_at(job, environment)
        with self._runtime.store.read() as tx:
            whole, made = tx.first(_DEFINITION, id=job.definition_id), tx.first(_FIND_MADE, **at)
        if whole is None:
            raise LookupError(f"the job definition {job.definition_id} went meanwhile")
        definition = definition_for(whole, job.spec.get("range"))
        if task_requests.logs_to_default_group(definition):
            _ensure_log_group(aws)
        if made is not None:
            return Ready(definition, made.arn)
        registered: Any = aws.ecs.register_task_definition(
            **task_requests.task_definition(definition, environment)
        )
        arn = registered["taskDefinition"]["taskDefinitionArn"]
        keep = insert_missing(task_definitions, {**at, "account": environment.account, "arn": arn})
        self._runtime.store.write(lambda tx: tx.run(keep))
        return Ready(definition, arn)

    def forget(self, job: JobRow, environment: Row) -> None:
        """The task definition was taken away: it is registered anew by the next round."""
        at = _made_at(job, environment)
        self._runtime.store.write(lambda tx: tx.run(_FORGET_MADE, **at))


def _made_at(job: JobRow, environment: Row) -> dict[str, Any]:
    return {
        "definition_id": job.definition_id,
        "service_role": environment.service_role,
        "launch_type": task_requests.launch_type(environment),
        "node_range": job.spec.get("range", 0),
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
