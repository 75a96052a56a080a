"""A job's task in one form, whatever its definition says: Batch's EcsTaskProperties, each container with its name.

Whoever asks for a task, for what it needs, for its roles or its logs reads this form alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

CONTAINER = "default"
"""The name of the only container of a task that containerProperties describe (batch-on-behalf.md 2)."""

Task = Mapping[str, Any]
_OF_CONTAINER = (
    "image",
    "command",
    "environment",
    "mountPoints",
    "readonlyRootFilesystem",
    "privileged",
    "ulimits",
    "user",
    "linuxParameters",
    "logConfiguration",
    "secrets",
    "repositoryCredentials",
)
_OF_TASK = (
    "volumes",
    "executionRoleArn",
    "networkConfiguration",
    "runtimePlatform",
    "ephemeralStorage",
    "enableExecuteCommand",
)
_SIZES = {"VCPU": "vcpus", "MEMORY": "memory"}


def task_of_container(container: Mapping[str, Any]) -> Task:
    """The task that containerProperties describe; of a node's, too."""
    needs = list(container.get("resourceRequirements") or ())
    given = {one["type"] for one in needs}
    needs += [
        {"type": kind, "value": str(container[member])}
        for kind, member in _SIZES.items()
        if kind not in given and member in container
    ]
    one: dict[str, Any] = {"name": CONTAINER, "essential": True, "resourceRequirements": needs}
    one |= {member: container[member] for member in _OF_CONTAINER if member in container}
    task: dict[str, Any] = {member: container[member] for member in _OF_TASK if member in container}
    if container.get("jobRoleArn"):
        task["taskRoleArn"] = container["jobRoleArn"]
    version = (container.get("fargatePlatformConfiguration") or {}).get("platformVersion")
    if version:
        task["platformVersion"] = version
    return {**task, "containers": [one]}


def tasks_of(properties: Mapping[str, Any]) -> Sequence[Task]:
    """The tasks of a job definition, or of a request that registers it: one, or one for each range of nodes."""
    if properties.get("containerProperties"):
        return [task_of_container(properties["containerProperties"])]
    if properties.get("ecsProperties"):
        tasks: Sequence[Task] = properties["ecsProperties"]["taskProperties"]
        return tasks
    ranges = (properties.get("nodeProperties") or {}).get("nodeRangeProperties") or ()
    return [
        task
        for one in ranges
        for task in tasks_of(
            {"containerProperties": one.get("container"), "ecsProperties": one.get("ecsProperties")}
        )
    ]


def task_of(body: Mapping[str, Any]) -> Task:
    """The task of a job definition that has a single task."""
    return tasks_of(body)[0]


def task_of_spec(spec: Mapping[str, Any]) -> Task:
    """The task of a job's own spec: the definition's, with what SubmitJob changed of it."""
    if "ecsProperties" in spec:
        task: Task = spec["ecsProperties"]["taskProperties"][0]
        return task
    return task_of_container(spec["container"])
