"""The rows of jobs: insert, find, change. Every change of a job's status goes through `change`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update

from batchyard.services.batch.states import may_follow
from batchyard.services.batch.tables import job_dependencies, jobs, running_jobs
from batchyard.store.prepared import Prepared, Row, among
from batchyard.store.transaction import Transaction

_GIVEN = (
    "job_id",
    "account",
    "partition",
    "region",
    "name",
    "name_key",
    "queue_id",
    "queue_arn",
    "definition_id",
    "definition_name",
    "definition_arn",
    "status",
    "created_ms",
    "vcpus",
    "memory_mib",
    "gpus",
    "spec",
    "tags",
)
_CHANGING = (
    "status",
    "status_reason",
    "started_ms",
    "stopped_ms",
    "attempts",
    "attempt",
    "task",
    "cancelled",
    "terminated",
    "timed_out",
    "end_reason",
)
_INSERT = Prepared(
    insert(jobs).values(
        **{name: bindparam(name) for name in _GIVEN},
        attempts=[],
        attempt=0,
        cancelled=False,
        terminated=False,
        timed_out=False,
    )
)
_CHANGE = Prepared(
    update(jobs).where(jobs.c.id == bindparam("of_id")).values({name: bindparam(name) for name in _CHANGING})
)
_FIND = Prepared(select(jobs).where(jobs.c.id == bindparam("id")))
_FIND_SOME = Prepared(select(jobs).where(among(jobs.c.id, "ids")))
_DEPEND = Prepared(
    insert(job_dependencies).values(
        on_job=bindparam("on_job"), waiting_job=bindparam("waiting_job"), account=bindparam("account")
    )
)
_PLACE = Prepared(
    insert(running_jobs).values(
        job=bindparam("job"),
        account=bindparam("account"),
        environment_id=bindparam("environment_id"),
        cluster_arn=bindparam("cluster_arn"),
        vcpus=bindparam("vcpus"),
    )
)
_SET_TASK = Prepared(
    update(running_jobs)
    .where(running_jobs.c.job == bindparam("of_job"))
    .values(task_arn=bindparam("task_arn"))
)
_UNPLACE = Prepared(delete(running_jobs).where(running_jobs.c.job == bindparam("job")))
_WHERE = Prepared(select(running_jobs).where(running_jobs.c.job == bindparam("job")))
_BY_TASK = Prepared(select(running_jobs).where(among(running_jobs.c.task_arn, "task_arns")))


def front_of(queue: int) -> tuple[str, int]:
    """Under which key it is remembered of a queue that its front is full and waits (`Transaction.hint`)."""
    return ("batch.front-waits", queue)


def insert_job(tx: Transaction, **values: Any) -> int:
    """Insert a job that has had no attempt; answers its `id`, which grows with each submission."""
    return tx.insert(_INSERT, **values)


def insert_dependency(tx: Transaction, *, on_job: int, waiting_job: int, account: str) -> None:
    """Have a job wait for another one."""
    tx.run(_DEPEND, on_job=on_job, waiting_job=waiting_job, account=account)


def find(tx: Transaction, identity: int) -> Row | None:
    """A job by `id`."""
    return tx.first(_FIND, id=identity)


def find_some(tx: Transaction, identities: Sequence[int]) -> Mapping[int, Row]:
    """Jobs by `id`, those that exist."""
    return {row.id: row for row in tx.all(_FIND_SOME, ids=identities)} if identities else {}


def change(tx: Transaction, row: Row, **values: Any) -> Row:
    """Write what changes of a job, whose row was read within this write; returns the row as it is then.

    Raises ValueError for a status that may not follow the present one.
    """
    status = values.get("status", row.status)
    if status != row.status and not may_follow(row.status, status):
        raise ValueError(f"a job does not go from {row.status} to {status}")
    changed = row._replace(**values)
    tx.run(_CHANGE, of_id=row.id, **{name: getattr(changed, name) for name in _CHANGING})
    return changed


def insert_running(tx: Transaction, row: Row, *, environment_id: int, cluster_arn: str) -> None:
    """Note where a job is being started; its task is not known yet."""
    tx.run(
        _PLACE,
        job=row.id,
        account=row.account,
        environment_id=environment_id,
        cluster_arn=cluster_arn,
        vcpus=row.vcpus,
    )


def set_task(tx: Transaction, identity: int, task_arn: str) -> None:
    """Note the task of a job that is being started."""
    tx.run(_SET_TASK, of_job=identity, task_arn=task_arn)


def delete_running(tx: Transaction, identity: int) -> None:
    """Forget where a job ran: its attempt is over."""
    tx.run(_UNPLACE, job=identity)


def find_running(tx: Transaction, identity: int) -> Row | None:
    """Where a job runs, or None when it does not."""
    return tx.first(_WHERE, job=identity)


def find_by_tasks(tx: Transaction, task_arns: Sequence[str]) -> Mapping[str, Row]:
    """Where the jobs of tasks run, by the task's ARN; a task that stands for no job is not in it."""
    return {row.task_arn: row for row in tx.all(_BY_TASK, task_arns=task_arns)}
