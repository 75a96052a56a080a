"""Batch's own limits (batch-jobs.md 3, 4, 7, 9, 13): at the limit accepted, one beyond refused in words that name it.

The limit of 50 SubmitJob calls a second is AWS's throttle of a shared service; Batchyard has none, on purpose.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson
import pytest
from botocore.exceptions import ClientError

from services.batch.conftest import job_of, queue_of
from services.batch.environments import network

Make = Callable[..., Any]
Row = tuple[str, dict[str, Any], dict[str, Any], str]
"""What is limited; a request at the limit; one beyond it; what the refusal says."""

UNKNOWN = [{"jobId": f"10000000-0000-4000-8000-{number:012}"} for number in range(21)]


def check(call: Make, usual: Mapping[str, Any], rows: list[Row], count: Callable[[], int]) -> None:
    """Each row's first request succeeds, its second is refused and leaves nothing."""
    for name, at, beyond, text in rows:
        call(**{**usual, **at})
        before = count()
        with pytest.raises(ClientError) as refused:
            call(**{**usual, **beyond})
        error = refused.value.response
        assert (error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]) == (
            "ClientException",
            400,
        ), name
        assert text in error["Error"]["Message"], name
        assert count() == before, name


def tags(number: int) -> dict[str, Any]:
    return {"tags": {f"k{one}": "v" for one in range(number)}}


def retried(**strategy: Any) -> dict[str, Any]:
    return {"retryStrategy": {"attempts": 1, **strategy}}


def leaving(**rule: str) -> dict[str, Any]:
    return retried(evaluateOnExit=[{"action": "EXIT", **rule}])


OF_JOBS: list[Row] = [
    ("name", {"jobName": "j" * 128}, {"jobName": "j" * 129}, "Job name should match valid pattern"),
    ("first letter", {"jobName": "9-_"}, {"jobName": "_9"}, "Job name should match valid pattern"),
    ("tags", tags(50), tags(51), "Member must have length less than or equal to 50"),
    ("tag key", {"tags": {"k" * 128: ""}}, {"tags": {"k" * 129: ""}}, "less than or equal to 128"),
    ("tag value", {"tags": {"k": "v" * 256}}, {"tags": {"k": "v" * 257}}, "less than or equal to 256"),
    ("attempts", retried(attempts=10), retried(attempts=11), "RetryAttempts must be between 1 and 10"),
    ("no attempts", retried(attempts=1), retried(attempts=0), "RetryAttempts must be between 1 and 10"),
    (
        "rules",
        retried(evaluateOnExit=[{"action": "EXIT", "onExitCode": "1"}] * 5),
        retried(evaluateOnExit=[{"action": "EXIT", "onExitCode": "1"}] * 6),
        "evaluateOnExit can have at most 5 elements",
    ),
    ("rule", leaving(onReason="r" * 512), leaving(onReason="r" * 513), "does not match regex"),
    ("status rule", leaving(onStatusReason="r" * 512), leaving(onStatusReason="r" * 513), "does not match regex"),
    ("exit rule", leaving(onExitCode="1" * 512), leaving(onExitCode="1" * 513), "does not match regex"),
    (
        "timeout",
        {"timeout": {"attemptDurationSeconds": 60}},
        {"timeout": {"attemptDurationSeconds": 59}},
        "attemptDurationSeconds must be at least 60",
    ),
]  # fmt: skip

OF_DEFINITIONS: list[Row] = [
    (
        "name",
        {"jobDefinitionName": "d" * 128},
        {"jobDefinitionName": "d" * 129},
        "jobDefinitionName must match regex [A-Za-z0-9_-]{1,128}",
    ),
    ("name's letters", {"jobDefinitionName": "_-9"}, {"jobDefinitionName": "d:1"}, "must match regex"),
    ("no name", {"jobDefinitionName": "d"}, {"jobDefinitionName": ""}, "must match regex"),
    ("tags", tags(50), tags(51), "Member must have length less than or equal to 50"),
    (
        "size",
        {"parameters": {"a": "x" * 23 * 1024}},
        {"parameters": {"a": "x" * 24 * 1024}},
        "Job definition size must be at most 24576 bytes",
    ),
    ("attempts", retried(attempts=10), retried(attempts=11), "RetryAttempts must be between 1 and 10"),
    (
        "timeout",
        {"timeout": {"attemptDurationSeconds": 60}},
        {"timeout": {"attemptDurationSeconds": 59}},
        "attemptDurationSeconds must be at least 60",
    ),
]  # fmt: skip


def test_limits_of_a_job(batch: Any, queue: str, define: Make) -> None:
    usual = {"jobName": "job", "jobQueue": queue, "jobDefinition": define("true")}
    batch.update_compute_environment(computeEnvironment="fargate", state="DISABLED")
    bare = len(orjson.dumps({**usual, "parameters": {"a": ""}}))
    rows: list[Row] = [
        *OF_JOBS,
        (
            "size",
            {"parameters": {"a": "x" * (30 * 1024 - bare)}},
            {"parameters": {"a": "x" * (30 * 1024 - bare + 1)}},
            "Request size must be at most 30720 bytes",
        ),
    ]

    def count() -> int:
        listed = (
            batch.list_jobs(jobQueue=queue, jobStatus=one) for one in ("PENDING", "RUNNABLE", "STARTING")
        )
        return sum(len(one["jobSummaryList"]) for one in listed)

    check(batch.submit_job, usual, rows, count)


def test_a_job_has_twenty_dependencies_at_most(batch: Any, queue: str, define: Make) -> None:
    """`Job cannot have more than 20 dependencies` (recorded: OpenNeuroOrg/openneuro#100)."""
    usual = {"jobName": "job", "jobQueue": queue, "jobDefinition": define("sleep 100")}
    ids = [{"jobId": batch.submit_job(**usual)["jobId"]} for _ in range(21)]
    rows: list[Row] = [
        ("", {"dependsOn": ids[:20]}, {"dependsOn": ids}, "Job cannot have more than 20 dependencies"),
    ]
    count = lambda: len(batch.list_jobs(jobQueue=queue, jobStatus="PENDING")["jobSummaryList"])  # noqa: E731
    check(batch.submit_job, usual, rows, count)


def test_limits_of_a_job_definition(batch: Any, execution_role: str) -> None:
    sizes = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "2048"}]
    usual: dict[str, Any] = {
        "jobDefinitionName": "d",
        "type": "container",
        "containerProperties": {"image": "busybox", "resourceRequirements": sizes},
    }
    container = usual["containerProperties"]
    image: Row = (
        "image",
        {"containerProperties": {**container, "image": "i" * 255}},
        {"containerProperties": {**container, "image": "i" * 256}},
        "Container image can have at most 255 characters",
    )
    check(
        batch.register_job_definition,
        usual,
        [*OF_DEFINITIONS, image],
        lambda: len(batch.describe_job_definitions()["jobDefinitions"]),
    )


@pytest.mark.parametrize("operation", ["cancel_job", "terminate_job"])
def test_a_reason_has_1024_characters_at_most(batch: Any, submit: Make, operation: str) -> None:
    job_id = submit("sleep 100", dependsOn=[{"jobId": submit("sleep 100")}])
    with pytest.raises(ClientError, match="Reason can have at most 1024 characters"):
        getattr(batch, operation)(jobId=job_id, reason="r" * 1025)
    assert "statusReason" not in job_of(batch, job_id)
    getattr(batch, operation)(jobId=job_id, reason="r" * 1024)


@pytest.mark.slow
def test_limits_of_a_queue(batch: Any, environment: Make, wait_for: Make) -> None:
    """Three environments, priority 0 to 9999, a name of 128 letters, 50 tags; fifty queues in a Region."""
    order = [{"order": one, "computeEnvironment": environment(f"e{one}")} for one in range(4)]
    names = iter(f"queue-{number}" for number in range(100))
    usual = {"priority": 1, "computeEnvironmentOrder": order[:1]}
    rows: list[Row] = [
        ("name", {"jobQueueName": "q" * 128}, {"jobQueueName": "q" * 129}, "jobQueueName must match regex"),
        (
            "environments",
            {"jobQueueName": next(names), "computeEnvironmentOrder": order[:3]},
            {"jobQueueName": next(names), "computeEnvironmentOrder": order},
            "between 1 and 3 compute environments",
        ),
        (
            "priority",
            {"jobQueueName": next(names), "priority": 9999},
            {"jobQueueName": next(names), "priority": 10000},
            "Priority must be between 0 and 9999",
        ),
        (
            "least priority",
            {"jobQueueName": next(names), "priority": 0},
            {"jobQueueName": next(names), "priority": -1},
            "Priority must be between 0 and 9999",
        ),
        (
            "tags",
            {"jobQueueName": next(names), **tags(50)},
            {"jobQueueName": next(names), **tags(51)},
            "equal to 50",
        ),
    ]
    count = lambda: len(batch.describe_job_queues()["jobQueues"])  # noqa: E731
    check(batch.create_job_queue, usual, rows, count)
    while count() < 49:
        batch.create_job_queue(jobQueueName=next(names), **usual)
    fiftieth: Row = (
        "",
        {"jobQueueName": next(names)},
        {"jobQueueName": next(names)},
        "Maximum number of job queues is 50",
    )
    check(batch.create_job_queue, usual, [fiftieth], count)
    wait_for(lambda: queue_of(batch, "q" * 128)["status"] == "VALID")
    with pytest.raises(ClientError, match="between 1 and 3 compute environments"):
        batch.update_job_queue(jobQueue="q" * 128, computeEnvironmentOrder=order)
    with pytest.raises(ClientError, match="Priority must be between 0 and 9999"):
        batch.update_job_queue(jobQueue="q" * 128, priority=10000)
    assert queue_of(batch, "q" * 128)["status"] == "VALID"


@pytest.mark.parametrize(
    ("resources", "text"),
    [
        ({"subnets": ["subnet-1"] * 17}, "subnets can have at most 16 elements"),
        ({"securityGroupIds": ["sg-1"] * 6}, "securityGroupIds can have at most 5 elements"),
        ({"maxvCpus": 0}, "maxvCpus must be greater than 0"),
        ({"type": "EC2", "minvCpus": 2}, "maxvCpus must be greater than or equal to minvCpus"),
        ({"type": "EC2", "minvCpus": -1}, "minvCpus must be greater than or equal to 0"),
        ({"type": "EC2", "desiredvCpus": 2}, "desiredvCpus must be between minvCpus and maxvCpus"),
        (
            {"type": "EC2", "scalingPolicy": {"minScaleDownDelayMinutes": 19}},
            "must be 0, or between 20 and 10080",
        ),
        (
            {"type": "EC2", "scalingPolicy": {"minScaleDownDelayMinutes": 10081}},
            "must be 0, or between 20 and 10080",
        ),
        (
            {"type": "EC2", "scalingPolicy": {"minScaleDownDelayMinutes": -1}},
            "must be 0, or between 20 and 10080",
        ),
    ],
)
def test_limits_of_compute_resources(batch: Any, resources: dict[str, Any], text: str) -> None:
    """The model's own words about ComputeResource; an environment that is refused is not there."""
    usual: dict[str, Any] = {
        "type": "FARGATE",
        "maxvCpus": 1,
        "subnets": ["subnet-1"],
        "securityGroupIds": ["sg-1"],
    }
    if resources.get("type") == "EC2":
        usual |= {"minvCpus": 0, "instanceTypes": ["optimal"], "instanceRole": "nodes"}
    with pytest.raises(ClientError, match=text) as refused:
        batch.create_compute_environment(
            computeEnvironmentName="c", type="MANAGED", computeResources={**usual, **resources}
        )
    assert refused.value.response["Error"]["Code"] == "ClientException"
    assert batch.describe_compute_environments()["computeEnvironments"] == []


@pytest.mark.slow
def test_limits_of_a_compute_environment(aws: Make, batch: Any) -> None:
    """A name of 128 letters, 50 tags; fifty environments in a Region, other Regions not counted."""
    usual = {
        "type": "MANAGED",
        "state": "DISABLED",
        "computeResources": {"type": "FARGATE", "maxvCpus": 1, **network(aws)},
    }
    names = iter(f"e{number}" for number in range(100))
    rows: list[Row] = [
        (
            "name",
            {"computeEnvironmentName": "c" * 128},
            {"computeEnvironmentName": "c" * 129},
            "must match regex",
        ),
        ("no name", {"computeEnvironmentName": "c"}, {"computeEnvironmentName": ""}, "must match regex"),
        (
            "tags",
            {"computeEnvironmentName": next(names), **tags(50)},
            {"computeEnvironmentName": next(names), **tags(51)},
            "less than or equal to 50",
        ),
    ]
    count = lambda: len(batch.describe_compute_environments()["computeEnvironments"])  # noqa: E731
    check(batch.create_compute_environment, usual, rows, count)
    while count() < 49:
        batch.create_compute_environment(computeEnvironmentName=next(names), **usual)
    fiftieth: Row = (
        "",
        {"computeEnvironmentName": next(names)},
        {"computeEnvironmentName": next(names)},
        "Maximum number of compute environments is 50",
    )
    check(batch.create_compute_environment, usual, [fiftieth], count)
    other = {**usual, "computeResources": {"type": "FARGATE", "maxvCpus": 1, **network(aws, "eu-west-1")}}
    aws("batch", region="eu-west-1").create_compute_environment(computeEnvironmentName="c", **other)


@pytest.mark.parametrize(
    ("operation", "member"),
    [
        ("describe_compute_environments", "computeEnvironments"),
        ("describe_job_queues", "jobQueues"),
        ("describe_job_definitions", "jobDefinitions"),
        ("describe_jobs", "jobs"),
    ],
)
def test_a_hundred_are_described_at_once(batch: Any, operation: str, member: str) -> None:
    """`Maximum number of jobs supported is 100` (recorded); the others by analogy."""
    call = getattr(batch, operation)
    names = [f"n{number}" for number in range(101)]
    assert call(**{member: names[:100]})[member] == []
    with pytest.raises(ClientError, match="supported is 100"):
        call(**{member: names})


@pytest.mark.parametrize(
    "operation", ["describe_compute_environments", "describe_job_queues", "describe_job_definitions"]
)
def test_a_page_has_one_at_least(batch: Any, operation: str) -> None:
    with pytest.raises(ClientError, match="maxResults must be at least 1"):
        getattr(batch, operation)(maxResults=-1)
