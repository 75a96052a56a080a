"""What Batch asks of ECS for a job: a task definition for its job definition, a task for its attempt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from batchyard.services.batch.placing.lines import is_fargate
from batchyard.services.batch.service_role import tags_of_made
from batchyard.store.prepared import Row

CONTAINER = "default"
LOG_GROUP = "/aws/batch/job"
LONGEST_STREAM_PREFIX = 200
CPU_UNITS = 1024
_AS_IN_ECS = (
    "privileged",
    "readonlyRootFilesystem",
    "user",
    "mountPoints",
    "ulimits",
    "linuxParameters",
)
"""Members of containerProperties that an ECS container definition has under the same name, with the same shape."""
MOST_TAGS = 50


class TooManyTags(Exception):
    """Together the job and its definition have more tags than a task may have."""


def launch_type(environment: Row) -> str:
    """FARGATE or EC2: how the environment's tasks are run."""
    return "FARGATE" if is_fargate(environment) else "EC2"


def task_definition(definition: Row, environment: Row) -> dict[str, Any]:
    """RegisterTaskDefinition for a revision of a job definition (batch-on-behalf.md 2)."""
    body = definition.body["containerProperties"]
    sizes = _sizes(body)
    container: dict[str, Any] = {
        "name": CONTAINER,
        "image": body["image"],
        "command": body["command"],
        "environment": body["environment"],
        "essential": True,
        "cpu": int(sizes["VCPU"] * CPU_UNITS),
        "memory": int(sizes["MEMORY"]),
        "logConfiguration": _logging(definition, body),
    }
    for member in _AS_IN_ECS:
        if member in body:
            container[member] = body[member]
    if "GPU" in sizes:
        container["resourceRequirements"] = [{"type": "GPU", "value": str(int(sizes["GPU"]))}]
    request: dict[str, Any] = {
        "family": definition.name,
        "containerDefinitions": [container],
    }
    if body.get("volumes"):
        request["volumes"] = body["volumes"]
    if tags := tags_of_made(environment):
        request["tags"] = _pairs(tags)
    for member, given in (("taskRoleArn", "jobRoleArn"), ("executionRoleArn", "executionRoleArn")):
        if body.get(given):
            request[member] = body[given]
    if launch_type(environment) == "FARGATE":
        request |= {
            "requiresCompatibilities": ["FARGATE"],
            "networkMode": "awsvpc",
            "cpu": str(container["cpu"]),
            "memory": str(container["memory"]),
        }
        if body.get("runtimePlatform"):
            request["runtimePlatform"] = body["runtimePlatform"]
    return request


def run_task(job: Row, *, definition: Row, environment: Row, task_definition_arn: str) -> dict[str, Any]:
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
    """Does the job's output go to the group that Batch makes?"""
    body = definition.body["containerProperties"]
    options: Mapping[str, str] = _logging(definition, body)["options"]
    return options["awslogs-group"] == LOG_GROUP


def log_stream(definition: Row, task_arn: str) -> str:
    """Where the output of a task is found: `<prefix>/default/<task id>`."""
    options = _logging(definition, definition.body["containerProperties"])["options"]
    return f"{options['awslogs-stream-prefix']}/{CONTAINER}/{task_arn.rsplit('/', 1)[-1]}"


def _overrides(job: Row, environment: Row) -> dict[str, Any]:
    changes = job.spec["changes"]
    container: dict[str, Any] = {
        "name": CONTAINER,
        "environment": [
            *changes.get("environment", ()),
            {"name": "AWS_BATCH_JOB_ID", "value": job.job_id},
            {"name": "AWS_BATCH_JQ_NAME", "value": job.queue_arn.rsplit("/", 1)[-1]},
            {"name": "AWS_BATCH_JOB_ATTEMPT", "value": str(job.attempt)},
            {"name": "AWS_BATCH_CE_NAME", "value": environment.name},
            *_of_child(job),
        ],
    }
    if "command" in changes:
        container["command"] = changes["command"]
    overrides: dict[str, Any] = {"containerOverrides": [container]}
    if changes.get("sizes"):
        container |= {"cpu": int(job.vcpus * CPU_UNITS), "memory": job.memory_mib}
        if job.gpus:
            container["resourceRequirements"] = [{"type": "GPU", "value": str(job.gpus)}]
        if launch_type(environment) == "FARGATE":
            overrides |= {"cpu": str(container["cpu"]), "memory": str(job.memory_mib)}
    return overrides


def _of_child(job: Row) -> list[dict[str, str]]:
    if job.array_index is None:
        return []
    return [{"name": "AWS_BATCH_JOB_ARRAY_INDEX", "value": str(job.array_index)}]


def _network(job: Row, environment: Row) -> dict[str, Any]:
    container = job.spec["container"]
    resources = environment.compute_resources
    public = container.get("networkConfiguration", {}).get("assignPublicIp", "DISABLED")
    request: dict[str, Any] = {
        "networkConfiguration": {
            "awsvpcConfiguration": {
                "subnets": resources["subnets"],
                "securityGroups": resources["securityGroupIds"],
                "assignPublicIp": public,
            }
        }
    }
    version = container.get("fargatePlatformConfiguration", {}).get("platformVersion")
    if version:
        request["platformVersion"] = version
    return request


def _logging(definition: Row, body: Mapping[str, Any]) -> dict[str, Any]:
    given = (body.get("logConfiguration") or {}).get("options") or {}
    options = {
        "awslogs-group": LOG_GROUP,
        "awslogs-region": definition.region,
        "awslogs-stream-prefix": definition.name[:LONGEST_STREAM_PREFIX],
        **given,
    }
    return {"logDriver": "awslogs", "options": options}


def _sizes(body: Mapping[str, Any]) -> dict[str, float]:
    sizes = {"VCPU": float(body.get("vcpus", 0)), "MEMORY": float(body.get("memory", 0))}
    return sizes | {one["type"]: float(one["value"]) for one in body["resourceRequirements"]}


def _pairs(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in tags.items()]
