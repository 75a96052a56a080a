"""dependsOn at SubmitJob: which jobs are waited for, whole or child by child."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from batchyard.framework.context import Context
from batchyard.services.batch.jobs import job_rows
from batchyard.services.batch.jobs.array_children import unmade
from batchyard.services.batch.jobs.job_rows import PLAIN
from batchyard.services.batch.jobs.states import FAILED, SUCCEEDED
from batchyard.services.batch.refusals import refusal
from batchyard.services.batch.rows import JobRow

MOST_DEPENDENCIES = 20
N_TO_N, SEQUENTIAL = "N_TO_N", "SEQUENTIAL"


class Unmet(NamedTuple):
    """A job that is waited for and has not succeeded; `on` is None for SEQUENTIAL, which is about the array itself."""

    kind: str
    on: JobRow | None


def unmet(ctx: Context, depends_on: Sequence[dict[str, Any]], *, array_size: int | None) -> list[Unmet]:
    """What a job is to wait for; raises ClientException for dependencies that Batch refuses (batch-jobs.md 4)."""
    if len(depends_on) > MOST_DEPENDENCIES:
        raise refusal(ctx, f"Job cannot have more than {MOST_DEPENDENCIES} dependencies")
    found: dict[tuple[str, str | None], Unmet] = {}
    for one in depends_on:
        kind, on = one.get("type") or PLAIN, _awaited(ctx, one, array_size)
        if on is None or on.status != SUCCEEDED:
            found[(kind, None if on is None else on.job_id)] = Unmet(kind, on)
    return list(found.values())


def wait_for(ctx: Context, waits: Sequence[Unmet], identity: int) -> None:
    """Note each dependency; a whole job that failed before is handled like a job that fails now."""
    for kind, on in waits:
        job_rows.insert_dependency(
            ctx.write,
            on_job=identity if on is None else on.id,
            waiting_job=identity,
            kind=kind,
            account=ctx.account,
        )
        if on is not None and kind == PLAIN and on.status == FAILED:
            ctx.intend("batch.releasing", on.job_id)


def _awaited(ctx: Context, one: dict[str, Any], array_size: int | None) -> JobRow | None:
    """The job of one entry, None for SEQUENTIAL; an unknown job is refused."""
    kind, job_id = one.get("type"), one.get("jobId")
    if kind and array_size is None:
        raise refusal(ctx, f"A dependency of type {kind} can only be used with an array job")
    if kind == SEQUENTIAL:
        if job_id:
            raise refusal(ctx, "A dependency of type SEQUENTIAL can not have a jobId")
        return None
    if not job_id:
        raise refusal(ctx, "A dependency must have a jobId")
    place = {"account": ctx.account, "region": ctx.region}
    row = job_rows.find_job(ctx.read, **place, job_id=job_id) or unmade(ctx.read, **place, job_id=job_id)
    if row is None:
        raise refusal(ctx, f"Job dependency {job_id} does not exist")
    if kind == N_TO_N and row.array_size != array_size:
        raise refusal(ctx, f"Job dependency {job_id} is not an array job of the size {array_size}")
    return row
