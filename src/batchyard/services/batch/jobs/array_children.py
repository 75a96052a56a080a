"""An array job's children: made in chunks, and judged by what they wait for.

A child waits for all that its array waits for as a whole (the array's gate), for the child of the same index of each
array named with N_TO_N, and with SEQUENTIAL for the child before it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import bindparam, select

from batchyard.framework.runtime import Runtime
from batchyard.scheduler.arrays import child_id, split_child_id
from batchyard.scheduler.dependencies import Readiness, awaited_index, readiness
from batchyard.scheduler.reasons import DEPENDENT_JOB_FAILED
from batchyard.services.batch.jobs import array_rows, job_rows
from batchyard.services.batch.jobs.array_rows import SHUT, WAITING
from batchyard.services.batch.jobs.job_endings import end_job, wake_placing
from batchyard.services.batch.jobs.job_rows import PLAIN
from batchyard.services.batch.jobs.states import FAILED, PENDING, RUNNABLE, SUBMITTED
from batchyard.services.batch.rows import ArrayRow, JobRow
from batchyard.services.batch.tables import job_arrays, job_dependencies, jobs
from batchyard.store.prepared import Prepared, Row, among
from batchyard.store.transaction import Transaction

_BY_INDEX = Prepared(
    select(job_dependencies.c.kind, job_arrays.c.base)
    .join(job_arrays, job_arrays.c.parent == job_dependencies.c.on_job)
    .where(job_dependencies.c.waiting_job == bindparam("parent"))
    .where(job_dependencies.c.kind != PLAIN)
)
_STATUSES = Prepared(select(jobs.c.id, jobs.c.status).where(among(jobs.c.id, "ids")))


def make(
    tx: Transaction,
    runtime: Runtime,
    parent: JobRow,
    array: ArrayRow,
    indexes: Iterable[int],
    *,
    now: datetime,
) -> None:
    """Bring those of these children that are SUBMITTED to RUNNABLE, PENDING or their end, as each is judged.

    All have none of their own but the last one's row, which came with the parent.
    """
    wanted = {array.base + index: index for index in indexes}
    there = _statuses(tx, [*wanted])
    missing = [index for identity, index in wanted.items() if identity not in there]
    waiting_rows = [identity for identity, status in there.items() if status == SUBMITTED]
    verdicts = judge(tx, parent, array, [*missing, *(wanted[one] for one in waiting_rows)])
    is_ending = parent.cancelled or parent.terminated
    statuses = {
        index: RUNNABLE if verdict is Readiness.RUN and not is_ending else PENDING
        for index, verdict in verdicts.items()
    }
    made = {index: statuses[index] for index in missing}
    job_rows.insert_children(tx, parent, array.base, made)
    array_rows.move(tx, parent.id, {SUBMITTED: -len(made), **Counter(made.values())}, now=now)
    for identity, row in job_rows.find_some(tx, waiting_rows).items():
        job_rows.change(tx, row, now=now, status=statuses[wanted[identity]])
    if RUNNABLE in statuses.values():
        wake_placing(tx, runtime, parent)
    waiting = [index for index, status in statuses.items() if status == PENDING]
    settle(tx, runtime, parent, array, {index: verdicts[index] for index in waiting}, now=now)


def judge(
    tx: Transaction, parent: JobRow, array: ArrayRow, indexes: Sequence[int]
) -> Mapping[int, Readiness]:
    """What these children's dependencies allow, by index."""
    if array.gate == WAITING:
        return dict.fromkeys(indexes, Readiness.WAIT)
    if array.gate == SHUT:
        return dict.fromkeys(indexes, Readiness.FAIL)
    awaited: dict[int, list[int]] = {index: [] for index in indexes}
    for one in tx.all(_BY_INDEX, parent=parent.id):
        for index in indexes:
            other = awaited_index(one.kind, index=index)
            if other is not None:
                awaited[index].append(one.base + other)
    statuses = _statuses(tx, sorted({other for others in awaited.values() for other in others}))
    return {
        index: readiness(statuses.get(other, SUBMITTED) for other in others)
        for index, others in awaited.items()
    }


def settle(
    tx: Transaction,
    runtime: Runtime,
    parent: JobRow,
    array: ArrayRow,
    verdicts: Mapping[int, Readiness],
    *,
    now: datetime,
) -> None:
    """Bring PENDING children that were judged to RUNNABLE, or to their end; others stay as they are.

    A child that was cancelled ends once nothing is left to wait for, as any PENDING job (batch-jobs.md 2).
    """
    decided = {array.base + index: one for index, one in verdicts.items() if one is not Readiness.WAIT}
    for identity, row in job_rows.find_some(tx, [*decided]).items():
        if row.status != PENDING:
            continue
        ending = next((one for one in (row, parent) if one.cancelled or one.terminated), None)
        if ending is not None:
            end_job(tx, runtime, row, status=FAILED, reason=ending.end_reason, now=now, cancelled=True)
        elif decided[identity] is Readiness.FAIL:
            end_job(tx, runtime, row, status=FAILED, reason=DEPENDENT_JOB_FAILED, now=now)
        else:
            job_rows.change(tx, row, now=now, status=RUNNABLE)
            wake_placing(tx, runtime, row)


def find_array_of(tx: Transaction, *, account: str, region: str, job_id: str) -> tuple[Row, Row, int] | None:
    """The parent, the array and the index that a child's id names, whether the child has a row or not; else None."""
    split = split_child_id(job_id)
    if split is None:
        return None
    parent = job_rows.find_job(tx, account=account, region=region, job_id=split[0])
    if parent is None or parent.array_size is None or not split[1] < parent.array_size:
        return None
    if job_id != f"{parent.job_id}:{split[1]}":
        return None
    return parent, array_rows.require(tx, parent.id), split[1]


def unmade(tx: Transaction, *, account: str, region: str, job_id: str) -> JobRow | None:
    """The row that a child will have that has none yet, SUBMITTED; None for any other id."""
    found = find_array_of(tx, account=account, region=region, job_id=job_id)
    if found is None or array_rows.has_row(found[1], found[2]):
        return None
    return _unmade_row(*found)


def list_unmade(
    tx: Transaction, parent: JobRow, array: ArrayRow, *, first: int, most: int
) -> Sequence[JobRow]:
    """Up to so many of the children from index `first` on that have no row yet, by index, as `unmade` has them."""
    found: list[JobRow] = []
    index = max(first, array.made_to)
    while index < array.size and len(found) < most:
        window = range(index, min(index + most, array.size))
        there = _statuses(tx, [array.base + one for one in window])
        found += [_unmade_row(parent, array, one) for one in window if array.base + one not in there]
        index = window.stop
    return found[:most]


def _unmade_row(parent: JobRow, array: ArrayRow, index: int) -> JobRow:
    return parent._replace(
        id=array.base + index,
        job_id=child_id(parent.job_id, index),
        status=SUBMITTED,
        tags={},
        array_parent=parent.id,
        array_index=index,
        array_size=None,
        cancelled=False,
        terminated=False,
        end_reason=None,
    )


def find_or_make(
    tx: Transaction, runtime: Runtime, *, account: str, region: str, job_id: str, now: datetime
) -> JobRow | None:
    """The job's row; that of a child that has none yet is made. None where there is no such job."""
    row = job_rows.find_job(tx, account=account, region=region, job_id=job_id)
    if row is not None:
        return row
    found = find_array_of(tx, account=account, region=region, job_id=job_id)
    if found is None or array_rows.has_row(found[1], found[2]):
        return None
    make(tx, runtime, found[0], found[1], [found[2]], now=now)
    return job_rows.find_job(tx, account=account, region=region, job_id=job_id)


def _statuses(tx: Transaction, identities: Sequence[int]) -> dict[int, str]:
    return {row.id: row.status for row in tx.all(_STATUSES, ids=identities)} if identities else {}
