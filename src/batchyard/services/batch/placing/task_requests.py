"""What Batch asks of ECS for a job: a task definition for its job definition, a task for its attempt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from batchyard.services.batch.definitions.job_tasks import Task, task_of, task_of_spec
from batchyard.services.batch.placing.lines import is_fargate
from batchyard.services.batch.rows import JobRow
from batchyard.services.batch.service_role import tags_of_made
from batchyard.store.prepared import Row

LOG_GROUP = "/aws/batch/job"
LONGEST_STREAM_PREFIX = 200
CPU_UNITS = 1024
RESERVED_PREFIX = "AWS_BATCH"
"""Variables of the job's own that begin so are never seen by it (what-aws-says.md 14)."""
_AS_IN_ECS = (
    "command",
    "dependsOn",
    "privileged",
    "readonlyRootFilesystem",
    "user",
    "mountPoints",
    "ulimits",
    "linuxParameters",
    "startTimeout",
    "stopTimeout",
)
"""Members of a job's container that an ECS container definition has under the same name, with the same shape."""
_OF_TASK = (
    "volumes",
    "taskRoleArn",
    "executionRoleArn",
    "ephemeralStorage",
    "pidMode",
    "ipcMode",
)
MOST_TAGS = 50


class TooManyTags(Exception):
    """Together the job and its definition have more tags than a task may have."""


def launch_type(environment: Row) -> str:
    """FARGATE or EC2: how the environment's tasks are run."""
    return "FARGATE" if is_fargate(environment) else "EC2"


def task_definition(definition: Row, environment: Row) -> dict[str, Any]:
    """RegisterTaskDefinition for a revision of a job definition (batch-on-behalf.md 2)."""
    return task_definition_of(task_of(definition.body), definition, environment)


def task_definition_of(task: Task, definition: Row, environment: Row) -> dict[str, Any]:
    """The same for one task of it: of a job whose nodes differ there are several."""
    containers = [_container(one, definition) for one in task["containers"]]
    request: dict[str, Any] = {"family": definition.name, "containerDefinitions": containers}
    request |= {member: task[member] for member in _OF_TASK if task.get(member)}
    if tags := tags_of_made(environment):
        request["tags"] = _pairs(tags)
    if launch_type(environment) == "FARGATE":
        request |= {
            "requiresCompatibilities": ["FARGATE"],
            "networkMode": "awsvpc",
            "cpu": str(sum(one["cpu"] for one in containers)),
            "memory": str(sum(one["memory"] for one in containers)),
        }
        if task.get("runtimePlatform"):
            request["runtimePlatform"] = task["runtimePlatform"]
    return request


def _container(given: Mapping[str, Any], definition: Row) -> dict[str, Any]:
    sizes = _sizes(given)
    container: dict[str, Any] = {
        "name": given["name"],
        "image": given["image"],
        "environment": _own(given.get("environment") or ()),
        "essential": given.get("essential", True),
        "cpu": int(sizes["VCPU"] * CPU_UNITS),
        "memory": int(sizes["MEMORY"]),
        "logConfiguration": _logging(definition, given),
    }
    container |= {member: given[member] for member in _AS_IN_ECS if given.get(member)}
    if "GPU" in sizes:
        container["resourceRequirements"] = [{"type": "GPU", "value": str(int(sizes["GPU"]))}]
    return container


def _own(environment: Iterable[Mapping[str, str]]) -> list[Mapping[str, str]]:
    """The variables that a job may set itself."""
    return [one for one in environment if not one["name"].startswith(RESERVED_PREFIX)]


def run_task(job: JobRow, *, definition: Row, environment: Row, task_definition_arn: str) -> dict[str, Any]:
    """RunTask for the job's current attempt; the client token keeps it from being run twice.

    `startedBy` has no colon [doc: ECS API reference], so a child's id has a slash there [guess].
    Raises TooManyTags where propagateTags asks for more than a task may have.
    """
    request: dict[str, Any] = {
        "cluster": environment.made["cluster_arn"],
        "taskDefinition": task_definition_arn,
        "launchType": launch_type(environment),
        "clientToken": f"{job.job_id}-{job.attempt}",
        "startedBy": job.job_id.replace(":", "/"),
        "overrides": _overrides(job, environment),
    }
    if job.spec["propagateTags"]:
        tags = {**definition.tags, **job.tags}
        if len(tags) > MOST_TAGS:
            raise TooManyTags
        if tags:
            request["tags"] = _pairs(tags)
    if launch_type(environment) == "FARGATE":
        request |= _network(job, environment)
    return request


def logs_to_default_group(definition: Row) -> bool:
    """Does the output of any of the job's containers go to the group that Batch makes?"""
    return bool(_in_default_group(definition))


def default_streams(definition: Row, task_arn: str) -> list[str]:
    """The log streams of a task in the group that Batch makes."""
    return [_stream(definition, one, task_arn) for one in _in_default_group(definition)]


def log_streams(definition: Row, task_arn: str) -> dict[str, str]:
    """By a container's name, where its output is found: `<prefix>/<container>/<task id>`."""
    return {one["name"]: _stream(definition, one, task_arn) for one in task_of(definition.body)["containers"]}


def _in_default_group(definition: Row) -> list[Mapping[str, Any]]:
    containers = task_of(definition.body)["containers"]
    return [one for one in containers if _logging(definition, one)["options"]["awslogs-group"] == LOG_GROUP]


def _stream(definition: Row, container: Mapping[str, Any], task_arn: str) -> str:
    prefix = _logging(definition, container)["options"]["awslogs-stream-prefix"]
    return f"{prefix}/{container['name']}/{task_arn.rsplit('/', 1)[-1]}"


def _overrides(job: JobRow, environment: Row) -> dict[str, Any]:
    own = [
        {"name": "AWS_BATCH_JOB_ID", "value": job.job_id},
        {"name": "AWS_BATCH_JQ_NAME", "value": job.queue_arn.rsplit("/", 1)[-1]},
        {"name": "AWS_BATCH_JOB_ATTEMPT", "value": str(job.attempt)},
        {"name": "AWS_BATCH_CE_NAME", "value": environment.name},
        *_of_child(job),
    ]
    changes = job.spec["changes"]
    containers = task_of_spec(job.spec)["containers"]
    overrides: dict[str, Any] = {
        "containerOverrides": [
            _override(one["name"], changes.get(one["name"], {}), own) for one in containers
        ]
    }
    is_resized = any("sizes" in one for one in changes.values())
    if is_resized and launch_type(environment) == "FARGATE":
        overrides |= {"cpu": str(int(job.vcpus * CPU_UNITS)), "memory": str(job.memory_mib)}
    return overrides


def _override(name: str, changes: Mapping[str, Any], own: list[dict[str, str]]) -> dict[str, Any]:
    container: dict[str, Any] = {
        "name": name,
        "environment": [*_own(changes.get("environment", ())), *own],
    }
    if "command" in changes:
        container["command"] = changes["command"]
    sizes = changes.get("sizes")
    if sizes:
        container |= {"cpu": int(sizes["vcpus"] * CPU_UNITS), "memory": sizes["memory"]}
        if sizes["gpus"]:
            container["resourceRequirements"] = [{"type": "GPU", "value": str(sizes["gpus"])}]
    return container


def _of_child(job: JobRow) -> list[dict[str, str]]:
    if job.array_index is None:
        return []
    return [{"name": "AWS_BATCH_JOB_ARRAY_INDEX", "value": str(job.array_index)}]


def _network(job: JobRow, environment: Row) -> dict[str, Any]:
    task = task_of_spec(job.spec)
    resources = environment.compute_resources
    public = (task.get("networkConfiguration") or {}).get("assignPublicIp", "DISABLED")
    request: dict[str, Any] = {
        "networkConfiguration": {
            "awsvpcConfiguration": {
                "subnets": resources["subnets"],
                "securityGroups": resources["securityGroupIds"],
                "assignPublicIp": public,
            }
        }
    }
    if task.get("platformVersion"):
        request["platformVersion"] = task["platformVersion"]
    return request


def _logging(definition: Row, container: Mapping[str, Any]) -> dict[str, Any]:
    given = (container.get("logConfiguration") or {}).get("options") or {}
    options = {
        "awslogs-group": LOG_GROUP,
        "awslogs-region": definition.region,
        "awslogs-stream-prefix": definition.name[:LONGEST_STREAM_PREFIX],
        **given,
    }
    return {"logDriver": "awslogs", "options": options}


def _sizes(container: Mapping[str, Any]) -> dict[str, float]:
    return {one["type"]: float(one["value"]) for one in container["resourceRequirements"]}


def _pairs(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in tags.items()]
