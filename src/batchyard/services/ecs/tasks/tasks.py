"""Tasks: describe, list, stop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from batchyard.framework.context import Context
from batchyard.framework.place import place
from batchyard.services.ecs import pages
from batchyard.services.ecs.resources import (
    CLUSTER,
    CONTAINER_INSTANCE,
    TASK,
    each_in_cluster,
    last_part,
    require_cluster,
)
from batchyard.services.ecs.service import ecs
from batchyard.services.ecs.tables import tasks
from batchyard.services.ecs.tasks import task_rows, task_views
from batchyard.store.prepared import Row

if TYPE_CHECKING:
    from types_boto3_ecs.type_defs import (
        DescribeTasksRequestTypeDef,
        ListTasksRequestTypeDef,
        StopTaskRequestTypeDef,
    )

LONGEST_REASON = 1024


def _find(ctx: Context, cluster: str, given: str) -> Row | None:
    """The task of that cluster; a stranger's id finds nothing."""
    row = task_rows.find_task(ctx.read, last_part(given))
    return row if row is not None and _is_in(ctx, cluster, row) else None


def _cost(row: Row) -> float:
    """Microseconds for a task, and for each variable and word that its overrides have: read, and told as JSON."""
    overrides = row.overrides.get("containerOverrides", ())
    return 40.0 + 0.6 * sum(
        len(one.get(part, ())) for one in overrides for part in ("environment", "command")
    )


def _is_in(ctx: Context, cluster: str, row: Row) -> bool:
    here = (ctx.account, ctx.partition, ctx.region, cluster)
    return (row.account, row.partition, row.region, row.cluster) == here


@ecs.operation(on=each_in_cluster(TASK, "tasks"))
def describe_tasks(ctx: Context, request: DescribeTasksRequestTypeDef) -> dict[str, Any]:
    """Up to 100 tasks; stopped tasks for an hour; the missing are failures."""
    given = request["tasks"]
    if not given:
        raise ecs.error.InvalidParameterException("Tasks cannot be empty.")
    if len(given) > 100:
        raise ecs.error.InvalidParameterException("Tasks cannot have more than 100 elements.")
    cluster = require_cluster(ctx, request)
    with_tags = "TAGS" in (request.get("include") or ())
    rows = {row.id: row for row in task_rows.find_tasks(ctx.read, [last_part(one) for one in given])}
    found: list[Any] = []
    failures: list[Any] = []
    for one in given:
        row = rows.get(last_part(one))
        if row is None or not _is_in(ctx, cluster.name, row):
            arn = TASK.arn(ctx, cluster=cluster.name, id=last_part(one))
            failures.append({"arn": arn, "reason": "MISSING"})
        else:
            found.append(task_views.describe(ctx, row, with_tags=with_tags))
            ctx.effort.spend(_cost(row))
    return {"tasks": found, "failures": failures}


@ecs.operation(
    on=each_in_cluster(CONTAINER_INSTANCE, "containerInstance"), refuses=("serviceName", "daemonName")
)
def list_tasks(ctx: Context, request: ListTasksRequestTypeDef) -> dict[str, Any]:
    """The ARNs of a cluster's tasks of one desired status (RUNNING unless asked), by the given filters."""
    limit, after = pages.start(request)
    cluster = require_cluster(ctx, request)
    columns = tasks.c
    query = select(columns.id).where(
        *(columns[name] == value for name, value in place(ctx).items()),
        columns.cluster == cluster.name,
        columns.desired_status == request.get("desiredStatus", "RUNNING"),
        columns.id > after,
    )
    filters = {
        columns.family: request.get("family"),
        columns.started_by: request.get("startedBy"),
        columns.launch_type: request.get("launchType"),
        columns.instance: last_part(request["containerInstance"])
        if request.get("containerInstance")
        else None,
    }
    for column, value in filters.items():
        if value:
            query = query.where(column == value)
    rows = ctx.read.all(query.order_by(columns.id).limit(limit + 1))
    shown, token = pages.cut([row.id for row in rows], limit)
    return pages.answer("taskArns", [TASK.arn(ctx, cluster=cluster.name, id=one) for one in shown], token)


@ecs.operation(on=each_in_cluster(TASK, "task"), writes=True)
def stop_task(ctx: Context, request: StopTaskRequestTypeDef) -> dict[str, Any]:
    """Want a task stopped: SIGTERM, and SIGKILL after its stop timeout; a stopped task is answered as it is."""
    cluster = require_cluster(ctx, request)
    row = _find(ctx, cluster.name, request["task"])
    if row is None:
        raise ecs.error.InvalidParameterException("The referenced task was not found.")
    reason = request.get("reason") or "Task stopped by user"
    if len(reason) > LONGEST_REASON:
        raise ecs.error.InvalidParameterException(f"Reason can have at most {LONGEST_REASON} characters.")
    if row.desired_status != "STOPPED":
        task_rows.change(
            ctx.write,
            row.id,
            desired_status="STOPPED",
            stopping_at=ctx.now,
            stop_code="UserInitiated",
            stopped_reason=reason,
        )
        ctx.intend("ecs.tasks", row.id, grouping=CLUSTER.arn(ctx, cluster.name))
    return {"task": task_views.describe(ctx, _find(ctx, cluster.name, row.id), with_tags=True)}
