"""CancelJob and TerminateJob, and the same for up to 50 jobs in one call.

Texts are guesses: no answer of AWS was found. Codes are of botocore's model.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from batchyard.framework.check import Check
from batchyard.framework.context import Context
from batchyard.services.batch.jobs.array_children import find_or_make
from batchyard.services.batch.jobs.nodes import split_node_id
from batchyard.services.batch.jobs.states import PLACED, WAITING
from batchyard.services.batch.jobs.stopping import cancel, end_array, stop
from batchyard.services.batch.refusals import refusal
from batchyard.services.batch.resources import job
from batchyard.services.batch.service import batch

if TYPE_CHECKING:
    from types_boto3_batch.type_defs import (
        CancelJobRequestTypeDef,
        CancelJobsRequestTypeDef,
        TerminateJobRequestTypeDef,
        TerminateJobsRequestTypeDef,
    )

LONGEST_REASON = 1024
MOST_AT_ONCE = 50
_PER_JOB = 400.0
"""Microseconds for ending a job: its row, its place in the line, those that wait for it."""
_NODE = "A node of a multi-node parallel job can not be cancelled or terminated by itself"
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(:[0-9]{1,4}|#[0-9]{1,4})?")
"""A job's id, an array child's, a node's."""


@batch.operation(on=job.named("jobId"), writes=True)
def cancel_job(ctx: Context, request: CancelJobRequestTypeDef) -> None:
    """End a job that has no task yet; a job that has, has ended, or is unknown stays as it is, with success.

    Of an array job, each child that has none.
    """
    _check_one(ctx, request)
    _end(ctx, request["jobId"], request["reason"], running_too=False)


@batch.operation(on=job.named("jobId"), writes=True)
def terminate_job(ctx: Context, request: TerminateJobRequestTypeDef) -> None:
    """Have a job's task stopped, whereupon it fails with the caller's reason; cancel a job that has no task yet."""
    _check_one(ctx, request)
    _end(ctx, request["jobId"], request["reason"], running_too=True)


def _each_job(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    """A check for each job; too many of them are refused before the policies are asked."""
    if len(request["jobs"]) > MOST_AT_ONCE:
        raise refusal(ctx, f"Maximum number of jobs supported is {MOST_AT_ONCE}")
    ctx.effort.spend(_PER_JOB * len(request["jobs"]))
    return job.named("jobs")(ctx, {"jobs": list(dict.fromkeys(request["jobs"]))})


@batch.operation(on=_each_job, action="batch:CancelJob", writes=True, one_by_one=True)
def cancel_jobs(ctx: Context, request: CancelJobsRequestTypeDef) -> dict[str, Any]:
    """CancelJob for each of these jobs, with what became of each (botocore's text of the operation)."""
    return _each(ctx, request, running_too=False)


@batch.operation(on=_each_job, action="batch:TerminateJob", writes=True, one_by_one=True)
def terminate_jobs(ctx: Context, request: TerminateJobsRequestTypeDef) -> dict[str, Any]:
    """TerminateJob for each of these jobs, with what became of each (botocore's text of the operation)."""
    return _each(ctx, request, running_too=True)


def _each(ctx: Context, request: Any, *, running_too: bool) -> dict[str, Any]:
    """`successful` and `errors`: each job is in one of them, once however often it is named [guess]."""
    _check_reason(ctx, request["reason"])
    if not request["jobs"]:
        raise refusal(ctx, "jobs should not be null or empty")
    successful: list[str] = []
    errors: list[dict[str, str]] = []
    for job_id in dict.fromkeys(request["jobs"]):
        error = _refused(ctx, job_id)
        if error is None:
            _end(ctx, job_id, request["reason"], running_too=running_too)
            successful.append(job_id)
        else:
            errors.append({"job": job_id, **error})
    return {"successful": successful, "errors": errors}


def _refused(ctx: Context, job_id: str) -> dict[str, str] | None:
    """Why nothing is done about a job."""
    denied = ctx.denied.get(job.meant_arn(ctx, job_id))
    if denied is not None:
        return {"code": "AccessDenied", "message": denied.message}
    if split_node_id(job_id) is not None:
        return {"code": "ValidationException", "message": _NODE}
    if not _ID.fullmatch(job_id):
        return {"code": "ValidationException", "message": f"Job identifier '{job_id}' is not valid"}
    return None


def _end(ctx: Context, job_id: str, reason: str, *, running_too: bool) -> None:
    place = {"account": ctx.account, "region": ctx.region}
    row = find_or_make(ctx.write, ctx.runtime, **place, job_id=job_id, now=ctx.now)
    if row is None:
        return
    if row.array_size is not None:
        end_array(ctx.write, ctx.runtime, row, reason=reason, running_too=running_too, now=ctx.now)
    elif row.status in WAITING:
        cancel(ctx.write, ctx.runtime, row, reason=reason, now=ctx.now)
    elif running_too and row.status in PLACED and not row.terminated:
        stop(ctx.write, ctx.runtime, row, reason=reason, now=ctx.now)


def _check_one(ctx: Context, request: Any) -> None:
    """An empty jobId is refused, too (getmoto/moto, tests of Batch)."""
    if not request["jobId"]:
        raise refusal(ctx, "JobId should not be null or empty")
    if split_node_id(request["jobId"]) is not None:
        raise refusal(ctx, _NODE)
    _check_reason(ctx, request["reason"])


def _check_reason(ctx: Context, reason: str) -> None:
    if not reason:
        raise refusal(ctx, "Reason should not be null or empty")
    if len(reason) > LONGEST_REASON:
        raise refusal(ctx, f"Reason can have at most {LONGEST_REASON} characters")
