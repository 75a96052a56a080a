"""The rows of jobs: insert, find, change. Every change of a job's status goes through `change`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, insert, select, update

from batchyard.scheduler.arrays import child_id
from batchyard.services.batch.consumables import consumption
from batchyard.services.batch.jobs import array_rows
from batchyard.services.batch.jobs.states import RUNNABLE, may_follow
from batchyard.services.batch.notices import notices
from batchyard.services.batch.queues import share_usage
from batchyard.services.batch.rows import JobRow
from batchyard.services.batch.tables import job_dependencies, job_specs, jobs
from batchyard.store.prepared import Prepared, Typed, among
from batchyard.store.transaction import Transaction
from batchyard.store.types import Json

PLAIN = "PLAIN"
"""The kind of a dependency on a whole job; the others are the API's N_TO_N and SEQUENTIAL."""

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
    "asked",
    "document",
    "tags",
    "resources",
    "share_identifier",
    "scheduling_priority",
)
_OF_CHILD = (
    "id",
    "job_id",
    "status",
    "spec_id",
    "array_parent",
    "array_index",
)
_CHANGING = (
    "status",
    "status_reason",
    "started_ms",
    "stopped_ms",
    "attempt",
    "cancelled",
    "terminated",
    "timed_out",
    "end_reason",
)
_INSERT = Prepared(
    insert(jobs).values(
        **{name: bindparam(name) for name in _GIVEN},
        attempt=0,
        cancelled=False,
        terminated=False,
        timed_out=False,
    )
)
_INSERT_PARENT = Prepared(
    insert(jobs).values(
        **{name: bindparam(name) for name in _GIVEN if name != "document"},
        spec_id=bindparam("spec_id"),
        array_size=bindparam("array_size"),
        attempt=0,
        cancelled=False,
        terminated=False,
        timed_out=False,
    )
)
_INSERT_WITH_NODES = Prepared(
    insert(jobs).values(
        **{name: bindparam(name) for name in (*_GIVEN, "node_count", "main_node")},
        attempt=0,
        cancelled=False,
        terminated=False,
        timed_out=False,
    )
)
_INHERITED = tuple(name for name in _GIVEN if name not in ("document", "job_id", "status", "tags"))
_INSERT_CHILDREN = Prepared(
    insert(jobs).values(
        **{name: bindparam(name) for name in (*_INHERITED, *_OF_CHILD)},
        tags={},
        attempt=0,
        cancelled=False,
        terminated=False,
        timed_out=False,
    )
)
_INSERT_SPEC = Prepared(
    insert(job_specs).values(account=bindparam("account"), document=bindparam("document"))
)
_CHANGE = Prepared(
    update(jobs).where(jobs.c.id == bindparam("of_id")).values({name: bindparam(name) for name in _CHANGING})
)
_SPEC = func.coalesce(jobs.c.document, job_specs.c.document, type_=Json()).label("spec")
JOBS = select(*(column for column in jobs.c if column.name != "document"), _SPEC).select_from(
    jobs.outerjoin(job_specs, job_specs.c.id == jobs.c.spec_id)
)
"""Whole rows: all columns but `document`, and `spec`, a job's own document or the document that it shares."""
_FIND = Typed(JOBS.where(jobs.c.id == bindparam("id")), JobRow)
_FIND_SOME = Typed(JOBS.where(among(jobs.c.id, "ids")), JobRow)
_FIND_NAMED = Typed(JOBS.where(jobs.c.job_id == bindparam("job_id")), JobRow)
_FIND_SOME_NAMED = Typed(JOBS.where(among(jobs.c.job_id, "job_ids")), JobRow)
_TAGS = Prepared(
    select(jobs.c.account, jobs.c.region, jobs.c.tags).where(jobs.c.job_id == bindparam("job_id"))
)
_DEPEND = Prepared(
    insert(job_dependencies).values(
        on_job=bindparam("on_job"),
        waiting_job=bindparam("waiting_job"),
        kind=bindparam("kind"),
        account=bindparam("account"),
    )
)


def front_of(queue: int) -> tuple[str, int]:
    """Under which key it is remembered of a queue that its front is full and waits (`Transaction.hint`)."""
    return ("batch.front-waits", queue)


def insert_job(tx: Transaction, *, now: datetime, **values: Any) -> int:
    """Insert a job that has had no attempt, at `now`; answers its `id`, which grows with each submission."""
    _enter_share(tx, now, values)
    identity = tx.insert(_INSERT, **values)
    if values["resources"]:
        consumption.require(tx, identity, values)
    notices.note_new(tx, {identity: values["status"]}, values)
    return identity


def insert_with_nodes(
    tx: Transaction, *, now: datetime, node_count: int, main_node: int, **values: Any
) -> int:
    """Insert a multi-node parallel job that has had no attempt; answers its `id`."""
    _enter_share(tx, now, values)
    identity = tx.insert(_INSERT_WITH_NODES, node_count=node_count, main_node=main_node, **values)
    if values["resources"]:
        consumption.require(tx, identity, values)
    return identity


def insert_parent(tx: Transaction, *, now: datetime, document: Any, **values: Any) -> int:
    """Insert an array job's parent, whose children share its document; answers its `id`."""
    _enter_share(tx, now, values)
    spec_id = tx.insert(_INSERT_SPEC, account=values["account"], document=document)
    identity = tx.insert(_INSERT_PARENT, spec_id=spec_id, **values)
    if values["resources"]:
        consumption.require(tx, identity, values)
    notices.note_new(tx, {identity: values["status"]}, values)
    return identity


def insert_children(tx: Transaction, parent: JobRow, base: int, statuses: Mapping[int, str]) -> None:
    """Insert children of an array job, each by its index and with its status; tags are the parent's alone."""
    same = {name: getattr(parent, name) for name in (*_INHERITED, _OF_CHILD[3])}
    rows = [
        {
            **same,
            "id": base + index,
            "job_id": child_id(parent.job_id, index),
            "status": status,
            "array_parent": parent.id,
            "array_index": index,
        }
        for index, status in statuses.items()
    ]
    tx.run_many(_INSERT_CHILDREN, rows)
    if parent.share_identifier is not None:
        share_usage.enter_children(tx, parent, sum(status == RUNNABLE for status in statuses.values()))
    notices.note_new(tx, {base + index: status for index, status in statuses.items()}, same)


def insert_dependency(
    tx: Transaction, *, on_job: int, waiting_job: int, account: str, kind: str = PLAIN
) -> None:
    """Have a job wait for another job."""
    tx.run(_DEPEND, on_job=on_job, waiting_job=waiting_job, account=account, kind=kind)


def find(tx: Transaction, identity: int) -> JobRow | None:
    """A job by `id`, its row as of `JOBS`."""
    return tx.first(_FIND, id=identity)


def require(tx: Transaction, identity: int) -> JobRow:
    """The same of a job that is known to be there; raises LookupError where it went meanwhile."""
    row = find(tx, identity)
    if row is None:
        raise LookupError(f"the job {identity} went meanwhile")
    return row


def find_some(tx: Transaction, identities: Sequence[int]) -> Mapping[int, JobRow]:
    """Jobs by `id`, those that exist."""
    return {row.id: row for row in tx.all(_FIND_SOME, ids=identities)} if identities else {}


def find_job(tx: Transaction, *, account: str, region: str, job_id: str) -> JobRow | None:
    """The job's row, or None; a job of another account or Region is none."""
    row = tx.first(_FIND_NAMED, job_id=job_id)
    return row if row is not None and (row.account, row.region) == (account, region) else None


def find_jobs(tx: Transaction, *, account: str, region: str, job_ids: Sequence[str]) -> Mapping[str, JobRow]:
    """The same for many, by job id; those that are none are not in it."""
    rows = tx.all(_FIND_SOME_NAMED, job_ids=job_ids)
    return {row.job_id: row for row in rows if (row.account, row.region) == (account, region)}


def find_tags(tx: Transaction, *, account: str, region: str, job_id: str) -> Mapping[str, str] | None:
    """A job's tags, or None where there is no such job."""
    row = tx.first(_TAGS, job_id=job_id)
    return row.tags if row is not None and (row.account, row.region) == (account, region) else None


def change(tx: Transaction, row: JobRow, *, now: datetime, **values: Any) -> JobRow:
    """Write what changes of a job, whose row was read within this write; returns the row as it is then.

    What it holds of consumable resources follows. A new status is counted with the job's share, and a child's with its
    array. Raises ValueError for a status that may not follow the present status.
    """
    status = values.get("status", row.status)
    if status != row.status and not may_follow(row.status, status):
        raise ValueError(f"a job does not go from {row.status} to {status}")
    changed = row._replace(**values)
    tx.run(_CHANGE, of_id=row.id, **{name: getattr(changed, name) for name in _CHANGING})
    if row.share_identifier is not None and status != row.status:
        share_usage.move(tx, row, status, now=now)
    if row.array_parent is not None and status != row.status:
        array_rows.move(tx, row.array_parent, {row.status: -1, status: 1}, now=now)
    if row.resources:
        consumption.follow(tx, row, changed)
    if status != row.status:
        notices.note(tx, changed, now=now)
    return changed


def _enter_share(tx: Transaction, now: datetime, values: Mapping[str, Any]) -> None:
    """Count a new job with its share, if it has a share."""
    if values["share_identifier"] is not None:
        share_usage.enter(
            tx,
            queue_id=values["queue_id"],
            share=values["share_identifier"],
            account=values["account"],
            is_waiting=values["status"] == RUNNABLE,
            now=now,
        )
