"""DescribeJobDefinitions: named revisions, or pages of one name, of one status, or of all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, or_, select

from batchyard.framework.check import ANY
from batchyard.framework.context import Context
from batchyard.framework.pagination import InvalidToken
from batchyard.framework.whole_numbers import whole_number
from batchyard.services.batch.answers import MOST_NAMED, count_containers, page_limit
from batchyard.services.batch.definitions.job_tasks import tasks_of
from batchyard.services.batch.refusals import refusal
from batchyard.services.batch.resources import job_definition
from batchyard.services.batch.service import batch
from batchyard.services.batch.tables import job_definitions
from batchyard.store.prepared import Row

if TYPE_CHECKING:
    from types_boto3_batch.type_defs import DescribeJobDefinitionsRequestTypeDef

_STATUSES = ("ACTIVE", "INACTIVE")


@batch.operation(on=ANY)
def describe_job_definitions(ctx: Context, request: DescribeJobDefinitionsRequestTypeDef) -> dict[str, Any]:
    """The named revisions, or a page by name with the newest revision first; unknown names are left out."""
    named = request.get("jobDefinitions")
    if named:
        return {"jobDefinitions": _all_shown(ctx, _named(ctx, request, named))}
    limit = page_limit(ctx, request, MOST_NAMED)
    rows = ctx.read.all(_query(ctx, request).limit(limit + 1))
    answer: dict[str, Any] = {"jobDefinitions": _all_shown(ctx, rows[:limit])}
    if len(rows) > limit:
        answer["nextToken"] = f"{rows[limit - 1].name}:{rows[limit - 1].revision}"
    return answer


def _named(ctx: Context, request: Any, named: Sequence[str]) -> list[Row]:
    if len(named) > MOST_NAMED:
        raise refusal(ctx, f"Maximum number of job definitions supported is {MOST_NAMED}")
    if request.keys() - {"jobDefinitions"}:
        raise refusal(ctx, "jobDefinitions cannot be used with other parameters")
    found = {row.id: row for one in named if (row := job_definition.find(ctx, one)) is not None}
    return list(found.values())


def _query(ctx: Context, request: Any) -> Select[Any]:
    columns = job_definitions.c
    query = select(job_definitions).where(columns.account == ctx.account).where(columns.region == ctx.region)
    if request.get("jobDefinitionName"):
        query = query.where(columns.name == request["jobDefinitionName"])
    if request.get("status"):
        if request["status"] not in _STATUSES:
            raise refusal(ctx, f"Status must be one of {', '.join(_STATUSES)}")
        query = query.where(columns.status == request["status"])
    if request.get("nextToken"):
        name, _, revision = request["nextToken"].partition(":")
        number = whole_number(revision)
        if number is None:
            raise InvalidToken(revision)
        query = query.where(columns.name >= name)
        query = query.where(or_(columns.name > name, columns.revision < number))
    return query.order_by(columns.name, columns.revision.desc())


def _all_shown(ctx: Context, rows: Sequence[Row]) -> list[dict[str, Any]]:
    count_containers(ctx, (one for row in rows for task in tasks_of(row.body) for one in task["containers"]))
    return [_shown(row) for row in rows]


def _shown(row: Row) -> dict[str, Any]:
    return {
        "jobDefinitionName": row.name,
        "jobDefinitionArn": row.arn,
        "revision": row.revision,
        "status": row.status,
        "type": row.type,
        "tags": row.tags,
        "containerOrchestrationType": "EKS" if "eksProperties" in row.body else "ECS",
        **row.body,
    }
