"""Jobs: describe, cancel, terminate.

Texts of errors without a source were not compared with AWS's [guess].
"""

from __future__ import annotations

from typing import Any

from batchyard.framework.check import ANY
from batchyard.framework.context import Context
from batchyard.services.batch import attempt_rows, job_rows
from batchyard.services.batch.job_answers import detail
from batchyard.services.batch.job_endings import end_job, key_of
from batchyard.services.batch.refusals import refusal
from batchyard.services.batch.resources import job
from batchyard.services.batch.service import batch
from batchyard.services.batch.states import FAILED, PENDING, PLACED, WAITING
from batchyard.store.prepared import Row

MOST_NAMED = 100
LONGEST_REASON = 1024


@batch.operation(on=ANY)
def describe_jobs(ctx: Context, request: Any) -> dict[str, Any]:
    """Up to 100 jobs by id; unknown ids are left out (text of too many: batch-jobs.md 9)."""
    named = request["jobs"]
    if len(named) > MOST_NAMED:
        raise refusal(ctx, f"Maximum number of jobs supported is {MOST_NAMED}")
    found = job_rows.find_jobs(ctx.read, account=ctx.account, region=ctx.region, job_ids=named)
    attempts = attempt_rows.find_of_jobs(ctx.read, ctx.account, [row.id for row in found.values()])
    rows = (found[one] for one in dict.fromkeys(named) if one in found)
    return {"jobs": [detail(row, attempts.get(row.id, ())) for row in rows]}


@batch.operation(on=job.named("jobId"), writes=True)
def cancel_job(ctx: Context, request: Any) -> None:
    """End a job that has no task yet; one that has, has ended, or is unknown stays as it is, with success."""
    row = _find(ctx, request)
    if row is not None and row.status in WAITING:
        _cancel(ctx, row, request["reason"])


@batch.operation(on=job.named("jobId"), writes=True)
def terminate_job(ctx: Context, request: Any) -> None:
    """Have a job's task stopped, whereupon it fails with the caller's reason; cancel one that has no task yet."""
    row = _find(ctx, request)
    if row is None:
        return
    if row.status in WAITING:
        _cancel(ctx, row, request["reason"])
    elif row.status in PLACED and not row.terminated:
        job_rows.change(ctx.write, row, terminated=True, end_reason=request["reason"])
        wake_watching(ctx, row)


def wake_watching(ctx: Context, row: Row) -> None:
    """Have the task of a job looked at; one that is not known yet is looked at as soon as it is."""
    attempt = attempt_rows.find_newest(ctx.write, row)
    if attempt is not None and attempt.task_arn is not None:
        key = key_of(row, "batch.watching", attempt.task_arn, grouping=attempt.cluster_arn)
        ctx.intend(key.controller, key.name, grouping=key.grouping)


def _find(ctx: Context, request: Any) -> Row | None:
    if len(request["reason"]) > LONGEST_REASON:
        raise refusal(ctx, f"Reason can have at most {LONGEST_REASON} characters")
    return job_rows.find_job(ctx.read, account=ctx.account, region=ctx.region, job_id=request["jobId"])


def _cancel(ctx: Context, row: Row, reason: str) -> None:
    """A job that waits for others ends only when they have (batch-jobs.md 2)."""
    if row.cancelled:
        return
    if row.status == PENDING:
        job_rows.change(ctx.write, row, cancelled=True, end_reason=reason)
        return
    end_job(ctx.write, ctx.runtime, row, status=FAILED, reason=reason, now=ctx.now, cancelled=True)
    ctx.intend("batch.placing", "queues")
