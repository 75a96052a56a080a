"""DescribeJobs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from batchyard.framework.check import ANY
from batchyard.framework.context import Context
from batchyard.services.batch.answers import count_containers
from batchyard.services.batch.definitions.job_tasks import task_of_spec
from batchyard.services.batch.jobs import array_rows, attempt_rows, job_rows
from batchyard.services.batch.jobs.array_children import unmade
from batchyard.services.batch.jobs.job_answers import detail, node_detail
from batchyard.services.batch.jobs.node_specs import task_specs
from batchyard.services.batch.jobs.nodes import find_nodes
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
    for few in _few(named):
        rows = job_rows.find_jobs(ctx.read, **place, job_ids=few)
        count_jobs(ctx, rows.values())
        found |= rows
    for one in named:
        if one not in found and (row := unmade(ctx.read, **place, job_id=one)) is not None:
            found[one] = row
    attempts = attempt_rows.find_of_jobs(ctx.read, ctx.account, list(found.values()))
    arrays = array_rows.find_some(ctx.read, [row.id for row in found.values() if row.array_size])
    shown = {one: detail(row, attempts.get(row.id, ()), arrays.get(row.id)) for one, row in found.items()}
    for few in _few([one for one in named if one not in found]):
        nodes = find_nodes(ctx.read, **place, job_ids=few)
        count_jobs(ctx, (row for row, _, _ in nodes.values()))
        shown |= {one: node_detail(*node) for one, node in nodes.items()}
    return {"jobs": [shown[one] for one in dict.fromkeys(named) if one in shown]}


def _few(named: Sequence[str]) -> Iterator[Sequence[str]]:
    """A few at a time: where they are large, the call is known to be heavy before all of them were read."""
    return (named[at : at + READ_AT_ONCE] for at in range(0, len(named), READ_AT_ONCE))


def count_jobs(ctx: Context, rows: Iterable[Row]) -> None:
    """Count what it costs to tell of these jobs, of all their containers."""
    tasks = (task_of_spec(one) for row in rows for one in task_specs(row.spec))
    count_containers(ctx, (container for task in tasks for container in task["containers"]))
