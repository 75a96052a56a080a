"""DescribeJobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batchyard.framework.check import ANY
from batchyard.framework.context import Context
from batchyard.services.batch.answers import count_containers
from batchyard.services.batch.definitions.job_tasks import task_of_spec
from batchyard.services.batch.jobs import array_rows, attempt_rows, job_rows
from batchyard.services.batch.jobs.array_children import unmade
from batchyard.services.batch.jobs.job_answers import detail
from batchyard.services.batch.refusals import refusal
from batchyard.services.batch.service import batch
from batchyard.store.prepared import Row

if TYPE_CHECKING:
    from types_boto3_batch.type_defs import DescribeJobsRequestTypeDef

MOST_NAMED = 100
READ_AT_ONCE = 10


@batch.operation(on=ANY)
def describe_jobs(ctx: Context, request: DescribeJobsRequestTypeDef) -> dict[str, Any]:
    """Up to 100 jobs by id; unknown ids are left out (text of too many: batch-jobs.md 9)."""
    named = request["jobs"]
    if len(named) > MOST_NAMED:
        raise refusal(ctx, f"Maximum number of jobs supported is {MOST_NAMED}")
    place = {"account": ctx.account, "region": ctx.region}
    found: dict[str, Row] = {}
    # A few at a time: where they are large, the call is known to be heavy before all of them were read.
    for few in (named[at : at + READ_AT_ONCE] for at in range(0, len(named), READ_AT_ONCE)):
        rows = job_rows.find_jobs(ctx.read, **place, job_ids=few)
        count_containers(ctx, (one for row in rows.values() for one in task_of_spec(row.spec)["containers"]))
        found |= rows
    for one in named:
        if one not in found and (row := unmade(ctx.read, **place, job_id=one)) is not None:
            found[one] = row
    attempts = attempt_rows.find_of_jobs(ctx.read, ctx.account, [row.id for row in found.values()])
    arrays = array_rows.find_some(ctx.read, [row.id for row in found.values() if row.array_size])
    told = (found[one] for one in dict.fromkeys(named) if one in found)
    return {"jobs": [detail(row, attempts.get(row.id, ()), arrays.get(row.id)) for row in told]}
