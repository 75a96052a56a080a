"""ListConsumableResources and ListJobsByConsumableResource: in pages, by one filter; texts are guesses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Select, or_, select

from batchyard.framework.check import ANY
from batchyard.framework.context import Context
from batchyard.framework.pagination import InvalidToken
from batchyard.framework.whole_numbers import whole_number
from batchyard.services.batch.answers import page_limit
from batchyard.services.batch.consumables.consumable_tables import consumable_resources, consumers
from batchyard.services.batch.jobs import job_rows
from batchyard.services.batch.jobs.job_answers import job_arn
from batchyard.services.batch.jobs.jobs import count_jobs
from batchyard.services.batch.jobs.states import FOLLOWING
from batchyard.services.batch.listing_filters import only_filter
from batchyard.services.batch.refusals import refusal
from batchyard.services.batch.resources import consumable_resource
from batchyard.services.batch.service import batch
from batchyard.store.prepared import Row

if TYPE_CHECKING:
    from types_boto3_batch.type_defs import (
        ListConsumableResourcesRequestTypeDef,
        ListJobsByConsumableResourceRequestTypeDef,
    )

MOST_LISTED = 100


@batch.operation(on=ANY)
def list_consumable_resources(ctx: Context, request: ListConsumableResourcesRequestTypeDef) -> dict[str, Any]:
    """A page of the account's resources in this Region, by name."""
    limit = page_limit(ctx, request, MOST_LISTED)
    columns = consumable_resources.c
    query = select(consumable_resources).where(columns.account == ctx.account)
    query = query.where(columns.region == ctx.region)
    one = only_filter(ctx, request, ("CONSUMABLE_RESOURCE_NAME",))
    if one is not None:
        query = query.where(_matches(columns.name_key, one[1]))
    if request.get("nextToken"):
        name = request["nextToken"]
        key = name.lower()
        behind = or_(columns.name_key > key, columns.name > name)
        query = query.where(columns.name_key >= key).where(behind)
    rows = ctx.read.all(query.order_by(columns.name_key, columns.name).limit(limit + 1))
    answer: dict[str, Any] = {"consumableResources": [_summary(row) for row in rows[:limit]]}
    return {**answer, "nextToken": rows[limit - 1].name} if len(rows) > limit else answer


@batch.operation(on=consumable_resource.named("consumableResource"))
def list_jobs_by_consumable_resource(
    ctx: Context, request: ListJobsByConsumableResourceRequestTypeDef
) -> dict[str, Any]:
    """A page of the jobs that need a resource, the newest first, with a name filter grouped by that.

    Of an array its parent is told [guess]: ListJobs has children only where they are asked for, too.
    """
    resource = consumable_resource.require(ctx, request["consumableResource"])
    limit = page_limit(ctx, request, MOST_LISTED)
    query, grouped = _consumers(ctx, resource, request)
    if request.get("nextToken"):
        query = _after(query, grouped, request["nextToken"])
    order = (() if grouped is None else (grouped,)) + (consumers.c.job.desc(),)
    found = ctx.read.all(query.order_by(*order).limit(limit + 1))
    jobs = job_rows.find_some(ctx.read, [row.job for row in found[:limit]])
    count_jobs(ctx, jobs.values())
    answer: dict[str, Any] = {"jobs": [_needing(jobs[row.job], resource) for row in found[:limit]]}
    if len(found) > limit:
        answer["nextToken"] = f"{found[limit - 1].job}:{found[limit - 1].name_key}"
    return answer


def _summary(row: Row) -> dict[str, Any]:
    return {
        "consumableResourceArn": row.arn,
        "consumableResourceName": row.name,
        "totalQuantity": row.total,
        "inUseQuantity": row.in_use,
        "resourceType": row.type,
    }


def _needing(job: Row, resource: Row) -> dict[str, Any]:
    """The summary; `quantity` and `createdAt` are the resource's (botocore's text of both members)."""
    shown = {
        "jobArn": job_arn(job),
        "jobQueueArn": job.queue_arn,
        "jobName": job.name,
        "jobDefinitionArn": job.definition_arn,
        "jobStatus": job.status,
        "quantity": resource.total,
        "createdAt": resource.created_ms,
        "consumableResourceProperties": job.spec["consumableResourceProperties"],
    }
    further = {
        "shareIdentifier": job.share_identifier,
        "statusReason": job.status_reason,
        "startedAt": job.started_ms,
    }
    return shown | {member: value for member, value in further.items() if value is not None}


def _consumers(ctx: Context, resource: Row, request: Any) -> tuple[Select[Any], Any | None]:
    """The jobs that match, and the column that they are grouped by."""
    query = select(consumers.c.job, consumers.c.name_key).where(consumers.c.resource_id == resource.id)
    one = only_filter(ctx, request, ("JOB_STATUS", "JOB_NAME"))
    if one is None:
        return query, None
    name, value = one
    if name == "JOB_NAME":
        return query.where(_matches(consumers.c.name_key, value)), consumers.c.name_key
    if value not in FOLLOWING:
        raise refusal(ctx, f"Status must be one of {', '.join(FOLLOWING)}")
    return query.where(consumers.c.status == value), None


def _after(query: Select[Any], grouped: Any | None, position: str) -> Select[Any]:
    job, _, name = position.partition(":")
    number = whole_number(job)
    if number is None:
        raise InvalidToken(position)
    later = consumers.c.job < number
    if grouped is None:
        return query.where(later)
    return query.where(grouped >= name).where(or_(grouped > name, later))


def _matches(column: Any, value: str) -> ColumnElement[bool]:
    """Whatever its case, or beginning so where a `*` ends it; names are ASCII, so that a DEL is past all of them."""
    key = value.lower()
    matched: ColumnElement[bool] = column == key
    if key.endswith("*"):
        matched = (column >= key[:-1]) & (column < key[:-1] + "\x7f")
    return matched
