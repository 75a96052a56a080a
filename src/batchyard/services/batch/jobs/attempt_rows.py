"""The rows of attempts: a job that is STARTING or RUNNING has one that has not stopped; ended ones are kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update

from batchyard.services.batch.jobs.states import STARTING
from batchyard.services.batch.rows import AttemptRow, JobRow
from batchyard.services.batch.tables import attempts
from batchyard.store.prepared import Prepared, Typed, among
from batchyard.store.transaction import Transaction

_KEY = ("account", "job", "number", "node")
_PLACED = (*_KEY, "environment_id", "cluster_arn", "vcpus", "status", "placement")
_CHANGING = (
    "task_arn",
    "container_instance_arn",
    "status",
    "started_ms",
    "stopped_ms",
    "exit_code",
    "reason",
    "status_reason",
    "log_stream",
    "containers",
)
_THIS = (
    (attempts.c.account == bindparam("of_account"))
    & (attempts.c.job == bindparam("of_job"))
    & (attempts.c.number == bindparam("of_number"))
    & (attempts.c.node == bindparam("of_node"))
)
_INSERT = Prepared(insert(attempts).values({name: bindparam(name) for name in _PLACED}))
_CHANGE = Prepared(update(attempts).where(_THIS).values({name: bindparam(name) for name in _CHANGING}))
_NOTE_TASK = Prepared(
    update(attempts)
    .where(_THIS)
    .values(
        task_arn=bindparam("task_arn"),
        container_instance_arn=bindparam("container_instance_arn"),
        log_stream=bindparam("log_stream"),
        containers=bindparam("containers"),
    )
)
_DELETE = Prepared(delete(attempts).where(_THIS))
_FIND = Typed(select(attempts).where(_THIS), AttemptRow)
_OF_NUMBER = (
    (attempts.c.account == bindparam("of_account"))
    & (attempts.c.job == bindparam("of_job"))
    & (attempts.c.number == bindparam("of_number"))
)
_FIND_GANG = Typed(select(attempts).where(_OF_NUMBER).order_by(attempts.c.node), AttemptRow)
_LEFT_OF_GANG = Prepared(
    select(attempts.c.node).where(_OF_NUMBER).where(attempts.c.stopped_ms.is_(None)).limit(1)
)
_DELETE_GANG = Prepared(delete(attempts).where(_OF_NUMBER))
_OF_NODE = Typed(
    select(attempts)
    .where(attempts.c.account == bindparam("account"))
    .where(attempts.c.job == bindparam("job"))
    .where(among(attempts.c.number, "numbers"))
    .where(attempts.c.node == bindparam("node"))
    .order_by(attempts.c.number),
    AttemptRow,
)
_LIVE_BY_TASK = Typed(
    select(attempts).where(among(attempts.c.task_arn, "task_arns")).where(attempts.c.stopped_ms.is_(None)),
    AttemptRow,
)
_OF_JOBS = Typed(
    select(attempts)
    .where(attempts.c.account == bindparam("account"))
    .where(among(attempts.c.job, "jobs"))
    .order_by(*(attempts.c[name] for name in _KEY)),
    AttemptRow,
)


def insert_attempt(
    tx: Transaction,
    job: JobRow,
    *,
    environment_id: int,
    cluster_arn: str,
    node: int = 0,
    placement: str | None = None,
) -> None:
    """Note where a job's, or a node's, newest attempt is being started; its task is not known yet."""
    tx.run(
        _INSERT,
        account=job.account,
        job=job.id,
        number=job.attempt,
        node=node,
        placement=placement,
        environment_id=environment_id,
        cluster_arn=cluster_arn,
        vcpus=job.vcpus,
        status=STARTING,
    )


def note_task(
    tx: Transaction,
    job: JobRow,
    *,
    task_arn: str,
    container_instance_arn: str | None,
    log_streams: Mapping[str, str],
    node: int = 0,
) -> None:
    """Note the task of a job's, or a node's, newest attempt, and by container where its output goes.

    A job of ecsProperties has them in `containers`, as AWS shows them, and nothing in `log_stream`.
    """
    is_several = "ecsProperties" in job.spec
    containers = [{"name": name, "logStreamName": stream} for name, stream in log_streams.items()]
    tx.run(
        _NOTE_TASK,
        **_newest(job, node),
        task_arn=task_arn,
        container_instance_arn=container_instance_arn,
        log_stream=None if is_several else next(iter(log_streams.values())),
        containers=containers if is_several else None,
    )


def change(tx: Transaction, row: AttemptRow, **values: Any) -> AttemptRow:
    """Write what changes of an attempt, whose row was read within this write; returns the row as it is then."""
    changed = row._replace(**values)
    key = {f"of_{name}": getattr(row, name) for name in _KEY}
    tx.run(_CHANGE, **key, **{name: getattr(changed, name) for name in _CHANGING})
    return changed


def forget(tx: Transaction, job: JobRow) -> None:
    """Take back a job's newest attempt, which ECS did not start."""
    tx.run(_DELETE, **_newest(job))


def forget_gang(tx: Transaction, job: JobRow) -> None:
    """Take back the newest attempts of all nodes, which ECS did not start together."""
    tx.run(_DELETE_GANG, **_number(job))


def find_newest(tx: Transaction, job: JobRow, *, node: int = 0) -> AttemptRow | None:
    """A job's, or a node's, newest attempt, or None where it has had none."""
    return tx.first(_FIND, **_newest(job, node))


def find_gang(tx: Transaction, job: JobRow) -> Sequence[AttemptRow]:
    """The newest attempts of all nodes of a multi-node parallel job, by node."""
    return tx.all(_FIND_GANG, **_number(job))


def has_live_nodes(tx: Transaction, job: JobRow) -> bool:
    """Has a node of a multi-node parallel job not stopped yet?"""
    return tx.first(_LEFT_OF_GANG, **_number(job)) is not None


def find_of_node(tx: Transaction, job: JobRow, node: int) -> Sequence[AttemptRow]:
    """All attempts of one node of a multi-node parallel job, in order; those of the others are not read."""
    numbers = list(range(1, job.attempt + 1))
    return tx.all(_OF_NODE, account=job.account, job=job.id, numbers=numbers, node=node) if numbers else ()


def find_live_by_tasks(tx: Transaction, task_arns: Sequence[str]) -> Mapping[str, AttemptRow]:
    """The attempts that have not stopped, by their task's ARN; a task that stands for no job is not in it."""
    rows = tx.all(_LIVE_BY_TASK, task_arns=task_arns)
    return {row.task_arn: row for row in rows if row.task_arn is not None}


def find_of_jobs(tx: Transaction, account: str, jobs: Iterable[JobRow]) -> Mapping[int, Sequence[AttemptRow]]:
    """All attempts of an account's jobs by the jobs' `id`, in order; a job without attempts is not in it.

    Of a multi-node parallel job those of its main node: what AWS tells of the job is that one's.
    """
    several = list(jobs)
    single = [job.id for job in several if job.node_count is None]
    rows = tx.all(_OF_JOBS, account=account, jobs=single) if single else ()
    found = {job: tuple(those) for job, those in groupby(rows, key=lambda row: int(row.job))}
    mains = (
        (job.id, find_of_node(tx, job, job.main_node or 0)) for job in several if job.node_count is not None
    )
    return found | {identity: tuple(those) for identity, those in mains if those}


def _newest(job: JobRow, node: int = 0) -> dict[str, Any]:
    return {**_number(job), "of_node": node}


def _number(job: JobRow) -> dict[str, Any]:
    return {"of_account": job.account, "of_job": job.id, "of_number": job.attempt}
