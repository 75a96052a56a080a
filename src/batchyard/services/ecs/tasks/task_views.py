"""A task as DescribeTasks shows it."""

from __future__ import annotations

from typing import Any

from batchyard.framework.context import Context
from batchyard.services.ecs.resources import CLUSTER, CONTAINER_INSTANCE, TASK, TASK_DEFINITION
from batchyard.store.prepared import Row

_TIMES = {
    "createdAt": "created_at",
    "startedAt": "started_at",
    "stoppingAt": "stopping_at",
    "executionStoppedAt": "ended_at",
    "stoppedAt": "stopped_at",
}


def describe(ctx: Context, row: Row, *, with_tags: bool) -> dict[str, Any]:
    """The task in AWS's members; tags only where they were asked for."""
    arn = TASK.arn(ctx, cluster=row.cluster, id=row.id)
    shown: dict[str, Any] = {
        "attachments": row.described.get("attachments", []),
        "attributes": [{"name": "ecs.cpu-architecture", "value": row.described["architecture"]}],
        "availabilityZone": row.described["zone"],
        "clusterArn": CLUSTER.arn(ctx, row.cluster),
        "containers": [_container(ctx, row, arn)],
        "cpu": str(row.cpu),
        "memory": str(row.memory),
        "desiredStatus": row.desired_status,
        "enableExecuteCommand": False,
        "group": row.task_group,
        "healthStatus": "UNKNOWN",
        "inferenceAccelerators": [],
        "lastStatus": row.last_status,
        "launchType": row.launch_type,
        "overrides": {"containerOverrides": [], "inferenceAcceleratorOverrides": [], **row.overrides},
        "tags": row.tags if with_tags else [],
        "taskArn": arn,
        "taskDefinitionArn": TASK_DEFINITION.arn(ctx, f"{row.family}:{row.revision}"),
        "version": row.version,
    }
    if row.instance:
        shown["containerInstanceArn"] = CONTAINER_INSTANCE.arn(ctx, cluster=row.cluster, id=row.instance)
    if row.started_by:
        shown["startedBy"] = row.started_by
    if row.launch_type == "FARGATE":
        shown["platformVersion"] = row.described["platformVersion"]
        shown["platformFamily"] = "Linux"
    if row.stop_code:
        shown["stopCode"] = row.stop_code
    if row.stopped_reason:
        shown["stoppedReason"] = row.stopped_reason
    if row.last_status in ("RUNNING", "STOPPED") and row.started_at:
        shown.update(connectivity="CONNECTED", connectivityAt=row.started_at)
    for member, column in _TIMES.items():
        moment = getattr(row, column)
        if moment is not None:
            shown[member] = moment
    return shown


def _container(ctx: Context, row: Row, task_arn: str) -> dict[str, Any]:
    container = row.described["container"]
    shown: dict[str, Any] = {
        "containerArn": f"arn:{ctx.partition}:ecs:{ctx.region}:{ctx.account}:container/{row.cluster}/{row.id}/"
        + container["id"],
        "taskArn": task_arn,
        "name": container["name"],
        "image": container["image"],
        "lastStatus": row.last_status if row.last_status != "PROVISIONING" else "PENDING",
        "networkInterfaces": [],
        "networkBindings": [],
        "healthStatus": "UNKNOWN",
        "cpu": str(container["cpu"]),
    }
    if container.get("memory") is not None:
        shown["memory"] = str(container["memory"])
    if container.get("memoryReservation") is not None:
        shown["memoryReservation"] = str(container["memoryReservation"])
    if row.gpu_ids:
        shown["gpuIds"] = row.gpu_ids
    if row.started_at is not None:
        shown["runtimeId"] = row.id
    if row.exit_code is not None:
        shown["exitCode"] = row.exit_code
    if row.container_reason:
        shown["reason"] = row.container_reason
    return shown
