"""What a task is told of itself: version 4 of ECS's task metadata (ECS developer guide, "Task metadata endpoint").

What is not known here (networks, image digests, Docker's labels of its own) is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from batchyard.services.ecs.definitions.task_sizes import CPU_UNITS
from batchyard.services.ecs.resources import CLUSTER, TASK
from batchyard.services.ecs.tasks.task_overrides import overridden
from batchyard.store.prepared import Row

_LABEL = "com.amazonaws.ecs."


def task(row: Row, document: Mapping[str, Any]) -> dict[str, Any]:
    """The task as `${ECS_CONTAINER_METADATA_URI_V4}/task` gives it."""
    is_fargate = row.launch_type == "FARGATE"
    shown: dict[str, Any] = {
        # The guide's examples: the ARN on Fargate, the name on EC2.
        "Cluster": CLUSTER.arn(row, row.cluster) if is_fargate else row.cluster,
        "TaskARN": TASK.arn(row, cluster=row.cluster, id=row.id),
        "Family": row.family,
        "Revision": str(row.revision),
        "DesiredStatus": row.desired_status,
        "KnownStatus": _known_status(row),
        "AvailabilityZone": row.described["zone"],
        "LaunchType": row.launch_type,
        "Containers": [container(row, document, one["name"]) for one in document["containerDefinitions"]],
    }
    if document.get("cpu") and document.get("memory"):
        shown["Limits"] = {"CPU": row.cpu / CPU_UNITS, "Memory": row.memory}
    return shown


def container(row: Row, document: Mapping[str, Any], name: str) -> dict[str, Any]:
    """One of its containers as `${ECS_CONTAINER_METADATA_URI_V4}` gives it."""
    found = next(one for one in document["containerDefinitions"] if one["name"] == name)
    defined = overridden(found, row.overrides)
    arn = TASK.arn(row, cluster=row.cluster, id=row.id)
    identity = next(one["id"] for one in row.described["containers"] if one["name"] == name)
    shown: dict[str, Any] = {
        "DockerId": f"{row.id}-{defined['name']}",
        "Name": defined["name"],
        "DockerName": defined["name"],
        "Image": defined["image"],
        "Labels": {
            f"{_LABEL}cluster": CLUSTER.arn(row, row.cluster),
            f"{_LABEL}container-name": defined["name"],
            f"{_LABEL}task-arn": arn,
            f"{_LABEL}task-definition-family": row.family,
            f"{_LABEL}task-definition-version": str(row.revision),
        },
        "DesiredStatus": row.desired_status,
        "KnownStatus": _known_status(row),
        "Limits": {"CPU": int(defined.get("cpu") or 0), "Memory": int(defined.get("memory") or 0)},
        "CreatedAt": _text(row.created_at),
        "Type": "NORMAL",
        "ContainerARN": arn.replace(":task/", ":container/", 1) + f"/{identity}",
    }
    if row.started_at is not None:
        shown["StartedAt"] = _text(row.started_at)
    logging = defined.get("logConfiguration")
    if logging:
        shown["LogDriver"] = logging["logDriver"]
        options = dict(logging.get("options") or {})
        prefix = options.pop("awslogs-stream-prefix", None)
        stream = f"{prefix}/{defined['name']}/{row.id}" if prefix else row.id
        shown["LogOptions"] = {**options, "awslogs-stream": stream}
    return shown


def _known_status(row: Row) -> str:
    """A task that asks runs, whether that was noted yet or not."""
    return "RUNNING" if row.last_status in ("PROVISIONING", "PENDING") else str(row.last_status)


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
