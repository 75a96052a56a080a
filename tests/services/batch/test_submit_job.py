"""SubmitJob: which definition is meant, what is refused, who may."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from conftest import client
from services.batch.conftest import job_of

Make = Callable[..., Any]


def test_a_name_means_the_newest_active_revision(batch: Any, queue: str, define: Make, submit: Make) -> None:
    arns = [define() for _ in range(3)]
    batch.deregister_job_definition(jobDefinition=arns[2])
    for given, meant in (("work", arns[1]), ("work:1", arns[0]), (arns[0], arns[0]), (arns[1][:-2], arns[1])):
        assert job_of(batch, submit(definition=given))["jobDefinition"] == meant


@pytest.mark.parametrize(
    ("request_", "text"),
    [
        ({"jobQueue": "none"}, "JobQueue none not found."),
        ({"jobDefinition": "none"}, "JobDefinition name none does not exist or is not in ACTIVE status"),
        ({"jobDefinition": "work:2"}, "JobDefinition name work:2 does not exist or is not in ACTIVE status"),
        ({"jobDefinition": "work:9"}, "job-definition/work:9 not found."),
        (
            {"jobDefinition": "work:latest"},
            "Provided name work:latest is not supported pattern[a-zA-Z_0-9-]{1,128}",
        ),
        ({"jobName": "-begins-badly"}, "Job name should match valid pattern"),
        ({"shareIdentifier": "s"}, "can onlybe submitted to job queue with fair share scheduling policy"),
        ({"schedulingPriorityOverride": 0}, "scheduling policy"),
        (
            {"containerOverrides": {"memory": 1024}},
            "memory is not applicable for Fargate. Use resource requirements instead.",
        ),
        (
            {"containerOverrides": {"resourceRequirements": [{"type": "MEMORY", "value": "513"}]}},
            "(0.25 vCPU, 513 MiB) not valid",
        ),
        ({"containerOverrides": {"command": ["sh", ""]}}, "Command cannot be empty"),
        (
            {"containerOverrides": {"command": ["Ref::none"]}},
            "Unable to substitute value. No parameter found for reference none",
        ),
        ({"containerOverrides": {"instanceType": "m5.large"}}, "instanceType is only applicable"),
        ({"containerOverrides": {"environment": [{"value": "x"}]}}, "name should not be null or empty"),
        ({"containerOverrides": {"environment": [{"name": "", "value": "x"}]}}, "name should not be null"),
        ({"parameters": {"a": "x" * 30 * 1024}}, "Request size must be at most 30720 bytes"),
        ({"timeout": {"attemptDurationSeconds": 1}}, "at least 60"),
    ],
)
def test_refusals(batch: Any, queue: str, define: Make, request_: dict[str, Any], text: str) -> None:
    define(), batch.deregister_job_definition(jobDefinition=define())
    with pytest.raises(ClientError) as refused:
        batch.submit_job(**{"jobName": "job", "jobQueue": queue, "jobDefinition": "work", **request_})
    assert text in refused.value.response["Error"]["Message"]
    assert refused.value.response["Error"]["Code"] == "ClientException"
    assert batch.list_jobs(jobQueue=queue, jobStatus="RUNNABLE")["jobSummaryList"] == []


@pytest.mark.parametrize(
    "member",
    [
        {"eksPropertiesOverride": {"podProperties": {"metadata": {"labels": {"a": "b"}}}}},
    ],
)
def test_what_is_not_built_is_refused_by_name(submit: Make, member: dict[str, Any]) -> None:
    with pytest.raises(ClientError, match=next(iter(member))) as refused:
        submit(**member)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_an_ec2_definition_does_not_go_to_a_fargate_queue(batch: Any, queue: str) -> None:
    sizes = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "2048"}]
    batch.register_job_definition(
        jobDefinitionName="ec2",
        type="container",
        containerProperties={"image": "busybox", "resourceRequirements": sizes},
    )
    with pytest.raises(ClientError, match="platform capability FARGATE"):
        batch.submit_job(jobName="job", jobQueue=queue, jobDefinition="ec2")


def test_both_the_definition_and_the_queue_must_be_allowed(
    user: Make, endpoint: str, account: str, queue: str, define: Make
) -> None:
    define()
    arn = f"arn:aws:batch:us-east-1:{account}:"

    def submit_as(*resources: str) -> Any:
        statement = {
            "Effect": "Allow",
            "Action": "batch:SubmitJob",
            "Resource": [arn + one for one in resources],
        }
        made = user({"Version": "2012-10-17", "Statement": statement})
        mine = client(endpoint, "batch", access_key=made["key"], secret=made["secret"])
        try:
            return mine.submit_job(jobName="job", jobQueue=queue, jobDefinition="work")
        except ClientError as error:
            return made["arn"], error.response["Error"]

    for allowed, named in (
        ("job-queue/*", "job-definition/work"),
        ("job-definition/*", f"job-queue/{queue}"),
    ):
        caller, error = submit_as(allowed)
        assert error["Code"] == "AccessDeniedException"
        text = (
            f"User: {caller} is not authorized to perform: batch:SubmitJob on resource: {arn}{named} because"
        )
        assert error["Message"].startswith(text)
    assert "jobId" in submit_as("job-definition/w*", f"job-queue/{queue}")


def test_describing_leaves_out_unknown_jobs_and_takes_100(batch: Any, submit: Make) -> None:
    job_id = submit()
    unknown = [f"10000000-0000-4000-8000-{number:012}" for number in range(99)]
    assert [one["jobId"] for one in batch.describe_jobs(jobs=[job_id, *unknown])["jobs"]] == [job_id]
    with pytest.raises(ClientError, match="Maximum number of jobs supported is 100"):
        batch.describe_jobs(jobs=[job_id, job_id, *unknown])


def test_a_job_is_shown_with_every_empty_list(aws: Make, batch: Any, submit: Make, reached: Make) -> None:
    job_id = submit()
    job = reached(job_id)
    assert (job["dependsOn"], job["parameters"], job["tags"], job["eksAttempts"]) == ([], {}, {}, [])
    for name in ("volumes", "environment", "mountPoints", "ulimits", "networkInterfaces", "secrets"):
        assert job["container"][name] == []
    assert job["platformCapabilities"] == ["FARGATE"]
    assert (job["isCancelled"], job["isTerminated"], job["propagateTags"]) == (False, False, False)
    other = aws("batch", region="eu-west-1")
    assert other.describe_jobs(jobs=[job_id])["jobs"] == []
