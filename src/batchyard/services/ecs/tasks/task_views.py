"""A task as DescribeTasks shows it."""

from __future__ import annotations

from itertools import islice
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
        "containers": _containers(ctx, row, arn),
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


def _containers(ctx: Context, row: Row, task_arn: str) -> list[dict[str, Any]]:
    """Each with its own part of the task's GPUs."""
    gpus = iter(row.gpu_ids)
    return [
        _container(row, one, task_arn, gpu_ids=list(islice(gpus, one.get("gpus") or 0)))
        for one in row.described["containers"]
    ]


def _container(row: Row, container: dict[str, Any], task_arn: str, *, gpu_ids: list[str]) -> dict[str, Any]:
    outcome = row.outcomes.get(container["name"], {})
    has_begun = outcome.get("hasBegun", True)
    shown: dict[str, Any] = {
        "containerArn": task_arn.replace(":task/", ":container/", 1) + "/" + container["id"],
        "taskArn": task_arn,
        "name": container["name"],
        "image": container["image"],
        "lastStatus": _status(row, outcome),
        "networkInterfaces": [],
        "networkBindings": [],
        "healthStatus": "UNKNOWN",
        "cpu": str(container["cpu"]),
    }
    if container.get("memory") is not None:
        shown["memory"] = str(container["memory"])
    if container.get("memoryReservation") is not None:
        shown["memoryReservation"] = str(container["memoryReservation"])
    if gpu_ids:
        shown["gpuIds"] = gpu_ids
    if row.started_at is not None and has_begun:
        shown["runtimeId"] = (
            row.id if len(row.described["containers"]) == 1 else f"{row.id}-{container['name']}"
        )
    if row.container_reason:
        # Why the task does not begin yet.
        shown["reason"] = row.container_reason
    return shown | {name: outcome[name] for name in ("exitCode", "reason") if name in outcome}


def _status(row: Row, outcome: dict[str, Any]) -> str:
    """A container's: that of the task, but of one that ended before it, or waits for another."""
    if row.last_status == "STOPPED" or "exitCode" in outcome:
        return "STOPPED"
    if row.last_status == "PROVISIONING" or not outcome.get("hasBegun", True):
        return "PENDING"
    return str(row.last_status)
