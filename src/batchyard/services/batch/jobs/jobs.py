"""Jobs: describe, cancel, terminate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batchyard.framework.check import ANY
from batchyard.framework.context import Context
from batchyard.services.batch.answers import count_containers
from batchyard.services.batch.jobs import array_rows, attempt_rows, job_rows
from batchyard.services.batch.jobs.array_children import find_or_make, unmade
from batchyard.services.batch.jobs.job_answers import detail
from batchyard.services.batch.jobs.states import PLACED, WAITING
from batchyard.services.batch.jobs.stopping import cancel, end_array, stop
from batchyard.services.batch.refusals import refusal
from batchyard.services.batch.resources import job
from batchyard.services.batch.service import batch
from batchyard.store.prepared import Row

if TYPE_CHECKING:
    from types_boto3_batch.type_defs import (
        CancelJobRequestTypeDef,
        DescribeJobsRequestTypeDef,
        TerminateJobRequestTypeDef,
    )

MOST_NAMED = 100
LONGEST_REASON = 1024


@batch.operation(on=ANY)
def describe_jobs(ctx: Context, request: DescribeJobsRequestTypeDef) -> dict[str, Any]:
    """Up to 100 jobs by id; unknown ids are left out (text of too many: batch-jobs.md 9)."""
    named = request["jobs"]
    if len(named) > MOST_NAMED:
        raise refusal(ctx, f"Maximum number of jobs supported is {MOST_NAMED}")
    place = {"account": ctx.account, "region": ctx.region}
    found = dict(job_rows.find_jobs(ctx.read, **place, job_ids=named))
    for one in named:
        if one not in found and (row := unmade(ctx.read, **place, job_id=one)) is not None:
            found[one] = row
    count_containers(ctx, (row.spec["container"] for row in found.values()))
    attempts = attempt_rows.find_of_jobs(ctx.read, ctx.account, [row.id for row in found.values()])
    arrays = array_rows.find_some(ctx.read, [row.id for row in found.values() if row.array_size])
    rows = (found[one] for one in dict.fromkeys(named) if one in found)
    return {"jobs": [detail(row, attempts.get(row.id, ()), arrays.get(row.id)) for row in rows]}


@batch.operation(on=job.named("jobId"), writes=True)
def cancel_job(ctx: Context, request: CancelJobRequestTypeDef) -> None:
    """End a job that has no task yet; one that has, has ended, or is unknown stays as it is, with success.

    Of an array job, each child that has none.
    """
    row = _find(ctx, request)
    if row is None:
        return
    if row.array_size is not None:
        end_array(ctx.write, ctx.runtime, row, reason=request["reason"], running_too=False, now=ctx.now)
    elif row.status in WAITING:
        cancel(ctx.write, ctx.runtime, row, reason=request["reason"], now=ctx.now)


@batch.operation(on=job.named("jobId"), writes=True)
def terminate_job(ctx: Context, request: TerminateJobRequestTypeDef) -> None:
    """Have a job's task stopped, whereupon it fails with the caller's reason; cancel one that has no task yet."""
    row = _find(ctx, request)
    if row is None:
        return
    if row.array_size is not None:
        end_array(ctx.write, ctx.runtime, row, reason=request["reason"], running_too=True, now=ctx.now)
    elif row.status in WAITING:
        cancel(ctx.write, ctx.runtime, row, reason=request["reason"], now=ctx.now)
    elif row.status in PLACED and not row.terminated:
        stop(ctx.write, ctx.runtime, row, reason=request["reason"], now=ctx.now)


def _find(ctx: Context, request: Any) -> Row | None:
    if len(request["reason"]) > LONGEST_REASON:
        raise refusal(ctx, f"Reason can have at most {LONGEST_REASON} characters")
    place = {"account": ctx.account, "region": ctx.region}
    return find_or_make(ctx.write, ctx.runtime, **place, job_id=request["jobId"], now=ctx.now)
