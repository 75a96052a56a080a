"""Jobs of several containers: registered, changed at submission, run in their order, and shown as AWS shows them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from services.batch.conftest import SMALL, job_of

Make = Callable[..., Any]
HALF = [{"type": "VCPU", "value": "0.25"}, {"type": "MEMORY", "value": "512"}]
QUARTERS = [{"type": "VCPU", "value": "0.125"}, {"type": "MEMORY", "value": "256"}]


def container(name: str, script: str, **members: Any) -> dict[str, Any]:
    shell = {"image": "busybox", "command": ["/bin/sh", "-c", script], "resourceRequirements": QUARTERS}
    return {"name": name, **shell, **members}


@pytest.fixture
def define_task(batch: Any, execution_role: str) -> Make:
    """`define_task(container, …, volumes=…)`: the ARN of a definition of ecsProperties for Fargate."""

    def make(*containers: dict[str, Any], **task: Any) -> str:
        properties = {"containers": list(containers), "executionRoleArn": execution_role, **task}
        arn: str = batch.register_job_definition(
            jobDefinitionName="several",
            type="container",
            platformCapabilities=["FARGATE"],
            ecsProperties={"taskProperties": [properties]},
            parameters={"what": "default"},
        )["jobDefinitionArn"]
        return arn

    return make


def test_it_runs_in_its_order_and_is_shown_container_by_container(
    aws: Make, batch: Any, queue: str, define_task: Make, reached: Make
) -> None:
    after = [{"containerName": "setup", "condition": "SUCCESS"}]
    arn = define_task(
        container("setup", "echo setup Ref::what > shared; echo $AWS_BATCH_JOB_ID; exit 0", essential=False),
        container("main", "echo main $WHO; exit 4", dependsOn=after),
        container("aside", "sleep 1000", essential=False, resourceRequirements=HALF),
    )
    (defined,) = batch.describe_job_definitions(jobDefinitions=[arn])["jobDefinitions"]
    assert "containerProperties" not in defined
    (task,) = defined["ecsProperties"]["taskProperties"]
    assert (task["platformVersion"], task["volumes"]) == ("LATEST", [])
    assert [one["essential"] for one in task["containers"]] == [False, True, False]
    for member in ("environment", "mountPoints", "ulimits", "secrets"):
        assert task["containers"][0][member] == []

    override = {"name": "main", "environment": [{"name": "WHO", "value": "overridden"}]}
    job_id = batch.submit_job(
        jobName="j",
        jobQueue=queue,
        jobDefinition=arn,
        parameters={"what": "given"},
        ecsPropertiesOverride={"taskProperties": [{"containers": [override]}]},
    )["jobId"]
    job = reached(job_id)
    assert (job["status"], "container" in job) == ("FAILED", False)
    (shown,) = job["ecsProperties"]["taskProperties"]
    by_name = {one["name"]: one for one in shown["containers"]}
    assert {name: one["exitCode"] for name, one in by_name.items()} == {"setup": 0, "main": 4, "aside": 143}
    assert by_name["main"]["environment"] == [{"name": "WHO", "value": "overridden"}]
    assert "setup given" in by_name["setup"]["command"][2]

    (attempt,) = job["attempts"]
    (tried,) = attempt["taskProperties"]
    assert tried["taskArn"] == shown["taskArn"]
    streams = {one["name"]: one["logStreamName"] for one in tried["containers"]}
    assert [one["exitCode"] for one in tried["containers"]] == [0, 4, 143]
    read = aws("logs").get_log_events
    told = read(logGroupName="/aws/batch/job", logStreamName=streams["main"])["events"]
    assert [one["message"] for one in told] == ["main overridden"]
    told = read(logGroupName="/aws/batch/job", logStreamName=streams["setup"])["events"]
    assert [one["message"] for one in told] == [job_id]


def test_it_succeeds_by_its_essential_containers(
    batch: Any, queue: str, define_task: Make, reached: Make
) -> None:
    arn = define_task(
        container("main", "sleep 0.1", resourceRequirements=HALF),
        container("fails", "exit 1", essential=False),
        container("stays", "sleep 1000", essential=False),
    )
    job = reached(batch.submit_job(jobName="j", jobQueue=queue, jobDefinition=arn)["jobId"])
    assert job["status"] == "SUCCEEDED"
    listed = batch.list_jobs(jobQueue=queue, jobStatus="SUCCEEDED")["jobSummaryList"]
    assert [one["container"]["exitCode"] for one in listed] == [0]


def test_a_volume_is_shared_by_containers(
    batch: Any, queue: str, define_task: Make, reached: Make, aws: Make
) -> None:
    from batchyard.engines.process import namespaces

    if namespaces.allowed() is None:
        pytest.skip("this machine lets no process have mounts of its own")
    mounts = [{"sourceVolume": "scratch", "containerPath": "/batchyard-scratch"}]
    after = [{"containerName": "setup", "condition": "COMPLETE"}]
    arn = define_task(
        container("setup", "echo told > /batchyard-scratch/file", essential=False, mountPoints=mounts),
        container("main", "grep -q told /batchyard-scratch/file", dependsOn=after, mountPoints=mounts),
        volumes=[{"name": "scratch"}],
    )
    job = reached(batch.submit_job(jobName="j", jobQueue=queue, jobDefinition=arn)["jobId"])
    assert job["status"] == "SUCCEEDED"


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"taskProperties": []}, "exactly one element"),
    ({"taskProperties": [{"containers": []}]}, "between 1 and 10 containers"),
    ({"taskProperties": [{"containers": [container("a b", "true")]}]}, "Container name a b"),
    (
        {"taskProperties": [{"containers": [container("a", "true"), container("a", "true")]}]},
        "must be unique",
    ),
    ({"taskProperties": [{"containers": [container("a", "true", essential=False)]}]}, "essential container"),
    (
        {
            "taskProperties": [
                {
                    "containers": [
                        container("a", "true", dependsOn=[{"containerName": "a", "condition": "START"}])
                    ]
                }
            ]
        },
        "not another one of its task",
    ),
    (
        {
            "taskProperties": [
                {
                    "containers": [
                        container("a", "true"),
                        container("b", "true", dependsOn=[{"containerName": "a", "condition": "HEALTHY"}]),
                    ]
                }
            ]
        },
        "is not one of START, COMPLETE, SUCCESS",
    ),
    (
        {"taskProperties": [{"containers": [container("a", "true", resourceRequirements=[])]}]},
        "vCPU is required",
    ),
    ({"taskProperties": [{"containers": [container("a", "true")], "pidMode": "other"}]}, "pidMode must be"),
    (
        {"taskProperties": [{"containers": [container("a", "true")], "networkMode": "host"}]},
        "networkMode is not",
    ),
]


@pytest.mark.parametrize(("properties", "text"), REFUSED, ids=[text for _, text in REFUSED])
def test_what_batch_refuses(batch: Any, properties: dict[str, Any], text: str) -> None:
    for task in properties["taskProperties"]:
        for one in task["containers"]:
            whole = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "256"}]
            if one["resourceRequirements"]:
                one["resourceRequirements"] = whole
    with pytest.raises(ClientError, match=text):
        batch.register_job_definition(jobDefinitionName="d", type="container", ecsProperties=properties)
    assert batch.describe_job_definitions()["jobDefinitions"] == []


def test_overrides_of_the_other_form_are_refused(
    batch: Any, queue: str, define: Make, define_task: Make
) -> None:
    several = define_task(container("a", "true", resourceRequirements=SMALL))
    override = {"taskProperties": [{"containers": [{"name": "none"}]}]}
    for definition, request, text in (
        (several, {"containerOverrides": {"command": ["true"]}}, "containerOverrides is not applicable"),
        (several, {"ecsPropertiesOverride": override}, "'none' of ecsPropertiesOverride"),
        (define(), {"ecsPropertiesOverride": override}, "only applicable for jobs of ecsProperties"),
    ):
        with pytest.raises(ClientError, match=text):
            batch.submit_job(jobName="j", jobQueue=queue, jobDefinition=definition, **request)
    job_id = batch.submit_job(jobName="j", jobQueue=queue, jobDefinition=several)["jobId"]
    assert job_of(batch, job_id)["ecsProperties"]["taskProperties"][0]["containers"][0]["name"] == "a"
