"""Container instances: describe, list, drain, deregister. They register by `container_agents.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update

from batchyard.framework.context import Context
from batchyard.framework.place import place
from batchyard.services.ecs import pages
from batchyard.services.ecs.clusters.instance_rows import KEPT_SECONDS, mark_gone
from batchyard.services.ecs.resources import (
    CLUSTER,
    CONTAINER_INSTANCE,
    each_in_cluster,
    last_part,
    require_cluster,
    the_cluster,
)
from batchyard.services.ecs.service import ecs
from batchyard.services.ecs.tables import container_instances
from batchyard.services.ecs.tasks import placing
from batchyard.store.prepared import Row

if TYPE_CHECKING:
    from types_boto3_ecs.type_defs import (
        DeregisterContainerInstanceRequestTypeDef,
        DescribeContainerInstancesRequestTypeDef,
        ListContainerInstancesRequestTypeDef,
        UpdateContainerInstancesStateRequestTypeDef,
    )

AGENT_VERSION = "1.89.0"
DOCKER_VERSION = "DockerVersion: 25.0.6"
NOT_LISTED = "INACTIVE"


def describe(ctx: Context, row: Row, *, with_tags: bool) -> dict[str, Any]:
    """A container instance as DescribeContainerInstances gives it."""
    return {
        "containerInstanceArn": CONTAINER_INSTANCE.arn(ctx, cluster=row.cluster, id=row.id),
        "ec2InstanceId": row.ec2_instance_id,
        "version": row.version,
        "versionInfo": {"agentVersion": AGENT_VERSION, "dockerVersion": DOCKER_VERSION},
        "remainingResources": _resources(row.cpu_left, row.memory_left, row.gpus_left if row.gpus else None),
        "registeredResources": _resources(row.cpu, row.memory, row.gpus or None),
        "status": row.status,
        "agentConnected": row.status != NOT_LISTED,
        "runningTasksCount": row.running_count,
        "pendingTasksCount": row.pending_count,
        "attributes": [
            {"name": "ecs.instance-type", "value": row.instance_type},
            {"name": "ecs.availability-zone", "value": row.availability_zone},
            {"name": "ecs.os-type", "value": "linux"},
        ],
        "registeredAt": row.registered_at,
        "attachments": [],
        "tags": row.tags if with_tags else [],
    }


def _resources(cpu: int, memory: int, gpus: list[str] | None) -> list[dict[str, Any]]:
    none = {"doubleValue": 0.0, "longValue": 0}
    resources: list[dict[str, Any]] = [
        {"name": "CPU", "type": "INTEGER", **none, "integerValue": cpu},
        {"name": "MEMORY", "type": "INTEGER", **none, "integerValue": memory},
        {"name": "PORTS", "type": "STRINGSET", **none, "integerValue": 0, "stringSetValue": ["22", "2376"]},
        {"name": "PORTS_UDP", "type": "STRINGSET", **none, "integerValue": 0, "stringSetValue": []},
    ]
    if gpus is not None:
        resources.append(
            {"name": "GPU", "type": "STRINGSET", **none, "integerValue": 0, "stringSetValue": gpus}
        )
    return resources


@ecs.operation(on=each_in_cluster(CONTAINER_INSTANCE, "containerInstances"))
def describe_container_instances(
    ctx: Context, request: DescribeContainerInstancesRequestTypeDef
) -> dict[str, Any]:
    """Up to 100 container instances; deregistered instances for an hour; the missing are failures."""
    given = request["containerInstances"]
    if not given:
        raise ecs.error.InvalidParameterException("Container instances can not be empty.")
    if len(given) > 100:
        raise ecs.error.InvalidParameterException("Container instances cannot have more than 100 elements.")
    cluster = require_cluster(ctx, request)
    with_tags = "TAGS" in (request.get("include") or ())
    found: list[Any] = []
    failures: list[Any] = []
    for one in given:
        row = placing.find_instance(ctx.read, place(ctx), cluster.name, last_part(one))
        if row is None:
            arn = CONTAINER_INSTANCE.arn(ctx, cluster=cluster.name, id=last_part(one))
            failures.append({"arn": arn, "reason": "MISSING"})
        else:
            found.append(describe(ctx, row, with_tags=with_tags))
    return {"containerInstances": found, "failures": failures}


@ecs.operation(on=the_cluster(), refuses=("filter",))
def list_container_instances(ctx: Context, request: ListContainerInstancesRequestTypeDef) -> dict[str, Any]:
    """The ARNs of a cluster's registered instances: active and draining, or of one status."""
    limit, after = pages.start(request)
    cluster = require_cluster(ctx, request)
    columns = container_instances.c
    wanted = [request["status"]] if request.get("status") else ["ACTIVE", "DRAINING"]
    rows = ctx.read.all(
        select(columns.id)
        .where(
            *(columns[name] == value for name, value in place(ctx).items()),
            columns.cluster == cluster.name,
            columns.status.in_(wanted),
            columns.id > after,
        )
        .order_by(columns.id)
        .limit(limit + 1)
    )
    shown, token = pages.cut([row.id for row in rows], limit)
    arns = [CONTAINER_INSTANCE.arn(ctx, cluster=cluster.name, id=one) for one in shown]
    return pages.answer("containerInstanceArns", arns, token)


def _require(ctx: Context, cluster: str, given: str) -> Row:
    row = placing.find_instance(ctx.read, place(ctx), cluster, last_part(given))
    if row is None:
        raise ecs.error.InvalidParameterException("Referenced container instance " + given + " not found.")
    return row


def announce(ctx: Context, row: Row) -> None:
    """Tell those who listen that a container instance changed."""
    arn = CONTAINER_INSTANCE.arn(ctx, cluster=row.cluster, id=row.id)
    ctx.announce("ecs.container-instance", arn, grouping=CLUSTER.arn(ctx, row.cluster))


@ecs.operation(on=each_in_cluster(CONTAINER_INSTANCE, "containerInstances"), writes=True)
def update_container_instances_state(
    ctx: Context, request: UpdateContainerInstancesStateRequestTypeDef
) -> dict[str, Any]:
    """Make instances DRAINING (nothing new is placed on them) or ACTIVE again."""
    cluster = require_cluster(ctx, request)
    if request["status"] not in ("ACTIVE", "DRAINING"):
        raise ecs.error.InvalidParameterException(
            "Container instance status should be one of [ACTIVE,DRAINING]"
        )
    if len(request["containerInstances"]) > 10:
        raise ecs.error.InvalidParameterException("Container instances cannot have more than 10 elements.")
    found: list[Any] = []
    failures: list[Any] = []
    for one in request["containerInstances"]:
        row = placing.find_instance(ctx.read, place(ctx), cluster.name, last_part(one))
        if row is None or row.status == NOT_LISTED:
            arn = CONTAINER_INSTANCE.arn(ctx, cluster=cluster.name, id=last_part(one))
            failures.append({"arn": arn, "reason": "MISSING" if row is None else "INACTIVE"})
            continue
        columns = container_instances.c
        ctx.write.run(
            update(container_instances)
            .where(*(columns[name] == value for name, value in place(ctx).items()))
            .where(columns.cluster == cluster.name, columns.id == row.id)
            .values(status=request["status"], version=columns.version + 1)
        )
        announce(ctx, row)
        found.append(describe(ctx, _require(ctx, cluster.name, row.id), with_tags=False))
    return {"containerInstances": found, "failures": failures}


@ecs.operation(on=the_cluster(), writes=True)
def deregister_container_instance(
    ctx: Context, request: DeregisterContainerInstanceRequestTypeDef
) -> dict[str, Any]:
    """Take an instance out of its cluster; with `force` its running tasks go on until they end or are stopped."""
    cluster = require_cluster(ctx, request)
    row = _require(ctx, cluster.name, request["containerInstance"])
    if row.status != NOT_LISTED:
        if (row.running_count or row.pending_count) and not request.get("force"):
            raise ecs.error.InvalidParameterException("Found running tasks on the instance.")
        mark_gone(ctx.write, row, now=ctx.now)
        ctx.intend("ecs.sweeping", cluster.name, delay_seconds=KEPT_SECONDS)
        announce(ctx, row)
    return {"containerInstance": describe(ctx, _require(ctx, cluster.name, row.id), with_tags=False)}
