"""ListJobs: a queue's jobs of one status, or by one filter; each page reads little more than it shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, or_, select

from batchyard.framework.check import ANY
from batchyard.framework.context import Context
from batchyard.framework.pagination import InvalidToken
from batchyard.framework.whole_numbers import whole_number
from batchyard.services.batch.answers import page_limit
from batchyard.services.batch.jobs import array_rows, attempt_rows
from batchyard.services.batch.jobs.array_children import list_unmade
from batchyard.services.batch.jobs.job_answers import node_summary, summary
from batchyard.services.batch.jobs.job_rows import find_job
from batchyard.services.batch.jobs.nodes import summaries
from batchyard.services.batch.jobs.states import ENDED, RUNNING, SUBMITTED
from batchyard.services.batch.listing_filters import only_filter
from batchyard.services.batch.refusals import refusal
from batchyard.services.batch.resources import job_definition, job_queue
from batchyard.services.batch.service import batch
from batchyard.services.batch.tables import jobs
from batchyard.store.prepared import Row

if TYPE_CHECKING:
    from types_boto3_batch.type_defs import ListJobsRequestTypeDef

MOST_BY_STATUS = 1000
MOST_BY_FILTER = 100
_OF_WHAT = ("jobQueue", "arrayJobId", "multiNodeJobId")
_PER_NODE = 20.0
"""Microseconds for making up a node."""
NEWEST_FIRST = (jobs.c.created_ms.desc(), jobs.c.id.desc())
_FILTERS = ("JOB_NAME", "JOB_DEFINITION", "BEFORE_CREATED_AT", "AFTER_CREATED_AT", "SHARE_IDENTIFIER")
_COLUMNS = (
    jobs.c.id,
    jobs.c.job_id,
    jobs.c.account,
    jobs.c.partition,
    jobs.c.region,
    jobs.c.name,
    jobs.c.name_key,
    jobs.c.status,
    jobs.c.status_reason,
    jobs.c.created_ms,
    jobs.c.started_ms,
    jobs.c.stopped_ms,
    jobs.c.definition_arn,
    jobs.c.definition_name,
    jobs.c.array_index,
    jobs.c.array_size,
    jobs.c.share_identifier,
    jobs.c.cancelled,
    jobs.c.terminated,
    jobs.c.node_count,
    jobs.c.attempt,
    jobs.c.main_node,
)


@batch.operation(on=ANY)
def list_jobs(ctx: Context, request: ListJobsRequestTypeDef) -> dict[str, Any]:
    """A page of a queue's jobs, the newest first, with a name or definition filter grouped by that; of an array job's
    children; or of a multi-node parallel job's nodes."""
    given = request.get("jobQueue")
    if sum(bool(request.get(one)) for one in _OF_WHAT) != 1:
        raise refusal(ctx, f"Must specify either {_OF_WHAT[0]}, {_OF_WHAT[1]} or {_OF_WHAT[2]}")
    if request.get("multiNodeJobId"):
        return _nodes(ctx, request)
    if not given:
        return _children(ctx, request)
    queue = job_queue.find(ctx, given)
    if queue is None:
        raise batch.error.ClientException(f"JobQueue {given} not found.")
    one_filter = only_filter(ctx, request, tuple(_FILTERS))
    most = MOST_BY_STATUS if one_filter is None else MOST_BY_FILTER
    limit = page_limit(ctx, request, most)
    query, grouped = _query(ctx, queue, request, one_filter)
    if request.get("nextToken"):
        query = _after(query, grouped, request["nextToken"])
    query = query.order_by(*(() if grouped is None else (grouped,)), *NEWEST_FIRST)
    rows = ctx.read.all(query.limit(limit + 1))
    answer = _shown(ctx, rows[:limit])
    if len(rows) > limit:
        answer["nextToken"] = _position(rows[limit - 1], grouped)
    return answer


def _children(ctx: Context, request: Any) -> dict[str, Any]:
    """A page of an array job's children of one status, by their index [guess: the order].

    Those that have no row yet are SUBMITTED (docs/decisions/0035).

    Filters are of a queue's jobs [doc: BOTO ListJobs.filters]; that they are refused here is a guess.
    """
    if request.get("filters"):
        raise refusal(ctx, "Filters can not be used with arrayJobId")
    limit = page_limit(ctx, request, MOST_BY_STATUS)
    parent = find_job(ctx.read, account=ctx.account, region=ctx.region, job_id=request["arrayJobId"])
    if parent is None:
        return {"jobSummaryList": []}
    status = request.get("jobStatus", RUNNING)
    query = select(*_COLUMNS).where(jobs.c.array_parent == parent.id).where(jobs.c.status == status)
    first = 0
    if request.get("nextToken"):
        after = whole_number(request["nextToken"])
        if after is None:
            raise InvalidToken(request["nextToken"])
        first = after + 1
        query = query.where(jobs.c.array_index >= first)
    rows = [*ctx.read.all(query.order_by(jobs.c.array_index).limit(limit + 1))]
    if status == SUBMITTED and parent.array_size is not None:
        array = array_rows.require(ctx.read, parent.id)
        rows += list_unmade(ctx.read, parent, array, first=first, most=limit + 1)
        rows.sort(key=lambda row: row.array_index)
    answer = _shown(ctx, rows[:limit])
    if len(rows) > limit:
        answer["nextToken"] = str(rows[limit - 1].array_index)
    return answer


def _nodes(ctx: Context, request: Any) -> dict[str, Any]:
    """A page of a job's nodes of one status, by their index [guess: the order, and that filters are refused]."""
    if request.get("filters"):
        raise refusal(ctx, "Filters can not be used with multiNodeJobId")
    limit = page_limit(ctx, request, MOST_BY_STATUS)
    job = find_job(ctx.read, account=ctx.account, region=ctx.region, job_id=request["multiNodeJobId"])
    after = whole_number(request.get("nextToken") or "0")
    if after is None:
        raise InvalidToken(request["nextToken"])
    if job is None or job.node_count is None:
        return {"jobSummaryList": []}
    ctx.effort.spend(_PER_NODE * job.node_count)
    first = after + 1 if request.get("nextToken") else 0
    status = request.get("jobStatus", RUNNING)
    found = [one for one in summaries(ctx.read, job) if one[0].status == status and one[1] >= first]
    answer: dict[str, Any] = {"jobSummaryList": [node_summary(*one) for one in found[:limit]]}
    if len(found) > limit:
        answer["nextToken"] = str(found[limit - 1][1])
    return answer


def _shown(ctx: Context, rows: Sequence[Row]) -> dict[str, Any]:
    ended = [row for row in rows if row.status in ENDED]
    attempts = attempt_rows.find_of_jobs(ctx.read, ctx.account, ended) if ended else {}
    arrays = array_rows.find_some(ctx.read, [row.id for row in rows if row.array_size])
    summaries = [summary(row, attempts.get(row.id, ()), arrays.get(row.id)) for row in rows]
    return {"jobSummaryList": summaries}


def _query(
    ctx: Context, queue: Row, request: Any, one_filter: tuple[str, str] | None
) -> tuple[Select[Any], Any | None]:
    """The rows that match, and the column that they are grouped by where a prefix spans several values."""
    query = select(*_COLUMNS).where(jobs.c.queue_id == queue.id).where(jobs.c.array_parent.is_(None))
    if one_filter is None:
        return query.where(jobs.c.status == request.get("jobStatus", RUNNING)), None
    name, value = one_filter
    if name == "JOB_NAME":
        return _matching(query, jobs.c.name_key, value.lower())
    if name == "JOB_DEFINITION":
        if value.startswith("arn:"):
            named = query.where(jobs.c.definition_name == value.rsplit("/", 1)[-1].partition(":")[0])
            return named.where(jobs.c.definition_arn == job_definition.meant_arn(ctx, value)), None
        return _matching(query, jobs.c.definition_name, value)
    if name == "SHARE_IDENTIFIER":
        # The one filter beside which jobStatus counts [doc: BOTO ListJobs.filters].
        of_share = query.where(jobs.c.share_identifier == value)
        status = request.get("jobStatus")
        return of_share if status is None else of_share.where(jobs.c.status == status), None
    moment = whole_number(value)
    if moment is None:
        raise refusal(ctx, f"The value of the filter {name} must be a number of milliseconds")
    created = jobs.c.created_ms
    return query.where(created < moment if name == "BEFORE_CREATED_AT" else created > moment), None


def _matching(query: Select[Any], column: Any, value: str) -> tuple[Select[Any], Any | None]:
    if not value.endswith("*"):
        return query.where(column == value), None
    prefix = value[:-1]
    # Names are ASCII, so that a DEL is past every name that goes on.
    return query.where(column >= prefix, column < prefix + "\x7f"), column


def _position(row: Row, grouped: Any | None) -> str:
    group = "" if grouped is None else getattr(row, grouped.name)
    return f"{row.created_ms}:{row.id}:{group}"


def _after(query: Select[Any], grouped: Any | None, position: str) -> Select[Any]:
    created, _, rest = position.partition(":")
    identity, _, group = rest.partition(":")
    moment, number = whole_number(created), whole_number(identity)
    if moment is None or number is None:
        raise InvalidToken(position)
    at, of = jobs.c.created_ms, jobs.c.id
    later = or_(at < moment, (at == moment) & (of < number))
    if grouped is None:
        return query.where(at <= moment).where(later)
    return query.where(grouped >= group).where(or_(grouped > group, later))
