"""CancelJob and TerminateJob in each state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from services.batch.conftest import SMALL, job_of

Make = Callable[..., Any]
TOO_LARGE = [{"type": "VCPU", "value": "16"}, {"type": "MEMORY", "value": "32768"}]


@pytest.fixture
def stuck(batch: Any, environment: Make, define: Make, wait_for: Make) -> Make:
    """`stuck()`: a job that stays RUNNABLE, because its environment is too small for it."""
    order = [{"order": 1, "computeEnvironment": environment("small", maxvCpus=1)}]
    batch.create_job_queue(jobQueueName="small", priority=1, computeEnvironmentOrder=order)
    arn = define(container={"resourceRequirements": TOO_LARGE})

    def make() -> str:
        job_id: str = batch.submit_job(jobName="stuck", jobQueue="small", jobDefinition=arn)["jobId"]
        return job_id

    return make


@pytest.mark.parametrize("operation", ["cancel_job", "terminate_job"])
def test_a_runnable_job_fails_at_once(batch: Any, stuck: Make, operation: str) -> None:
    job_id = stuck()
    getattr(batch, operation)(jobId=job_id, reason="changed my mind")
    job = job_of(batch, job_id)
    assert (job["status"], job["statusReason"]) == ("FAILED", "changed my mind")
    assert job["isCancelled"] is True
    assert job["attempts"] == []
    assert job["stoppedAt"] >= job["createdAt"]


def test_terminating_a_running_job_stops_its_task(batch: Any, aws: Make, submit: Make, reached: Make) -> None:
    job_id = submit("sleep 600", retryStrategy={"attempts": 3})
    reached(job_id, "RUNNING")
    batch.terminate_job(jobId=job_id, reason="enough")
    job = reached(job_id)
    assert (job["status"], job["statusReason"], job["isTerminated"]) == ("FAILED", "enough", True)
    [attempt] = job["attempts"]
    assert attempt["statusReason"] == "enough"
    task = job["container"]["taskArn"]
    [stopped] = aws("ecs").describe_tasks(cluster=task.split("/")[1], tasks=[task])["tasks"]
    assert (stopped["lastStatus"], stopped["stoppedReason"]) == ("STOPPED", "enough")


def test_cancelling_a_running_job_changes_nothing(batch: Any, submit: Make, reached: Make) -> None:
    job_id = submit("sleep 0.5")
    reached(job_id, "RUNNING")
    batch.cancel_job(jobId=job_id, reason="too late")
    job = reached(job_id)
    assert (job["status"], job["isCancelled"]) == ("SUCCEEDED", False)


def test_ended_and_unknown_jobs_are_passed_over(batch: Any, submit: Make, reached: Make) -> None:
    job_id = submit()
    before = reached(job_id)
    for named in (job_id, "10000000-0000-4000-8000-000000000000"):
        batch.cancel_job(jobId=named, reason="r")
        batch.terminate_job(jobId=named, reason="r")
    assert job_of(batch, job_id) == before


def test_a_job_that_is_terminated_while_it_starts_never_succeeds(
    batch: Any, define: Make, queue: str, reached: Make
) -> None:
    arn = define("sleep 600")
    ids = [batch.submit_job(jobName="j", jobQueue=queue, jobDefinition=arn)["jobId"] for _ in range(10)]
    for job_id in ids:
        batch.terminate_job(jobId=job_id, reason="stop")
    for job_id in ids:
        job = reached(job_id)
        assert (job["status"], job["statusReason"]) == ("FAILED", "stop")


def test_a_reason_has_at_most_1024_characters(batch: Any, stuck: Make) -> None:
    with pytest.raises(ClientError, match="1024"):
        batch.cancel_job(jobId=stuck(), reason="x" * 1025)


@pytest.mark.parametrize("operation", ["cancel_job", "terminate_job"])
def test_neither_job_nor_reason_may_be_empty(batch: Any, operation: str) -> None:
    for request, text in (
        ({"jobId": "", "reason": "r"}, "JobId should not be null or empty"),
        ({"jobId": "x", "reason": ""}, "Reason should not be null or empty"),
    ):
        with pytest.raises(ClientError, match=text) as refused:
            getattr(batch, operation)(**request)
        assert refused.value.response["Error"]["Code"] == "ClientException"


def test_many_are_ended_at_once_and_each_is_told_of(
    batch: Any, aws: Make, user_client: Make, stuck: Make, submit: Make, reached: Make, account: str
) -> None:
    waiting, others, running = stuck(), stuck(), submit("sleep 600")
    reached(running, "RUNNING")
    unknown, malformed = "10000000-0000-4000-8000-000000000000", "no such id"
    jobs = [waiting, others, running, unknown, malformed, waiting]
    denied = f"arn:aws:batch:us-east-1:{account}:job/{others}"
    statements = [
        {"Effect": "Allow", "Action": ["batch:CancelJob", "batch:TerminateJob"], "Resource": "*"},
        {"Effect": "Deny", "Action": "batch:*", "Resource": denied},
    ]
    somebody = user_client("batch", {"Version": "2012-10-17", "Statement": statements})

    answer = somebody.cancel_jobs(jobs=jobs, reason="not wanted")
    assert answer["successful"] == [waiting, running, unknown]
    refused, invalid = answer["errors"]
    assert (refused["job"], refused["code"]) == (others, "AccessDenied")
    assert (
        f"is not authorized to perform: batch:CancelJob on resource: {denied} with an explicit deny"
        in refused["message"]
    )
    assert (invalid["job"], invalid["code"]) == (malformed, "ValidationException")
    assert job_of(batch, waiting)["statusReason"] == "not wanted"
    assert [job_of(batch, one)["status"] for one in (others, running)] == ["RUNNABLE", "RUNNING"]

    ended = somebody.terminate_jobs(jobs=[running], reason="enough")
    assert (ended["successful"], ended["errors"]) == ([running], [])
    assert reached(running)["statusReason"] == "enough"
    listed = batch.list_jobs(jobQueue="small", jobStatus="FAILED")["jobSummaryList"]
    assert [(one["jobId"], one["isCancelled"], one["isTerminated"]) for one in listed] == [
        (waiting, True, False)
    ]
    events = aws("cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "CancelJobs"}]
    )["Events"]
    assert len(events) == 1


@pytest.mark.parametrize("operation", ["cancel_jobs", "terminate_jobs"])
def test_how_many_are_ended_at_once(batch: Any, operation: str) -> None:
    one = "10000000-0000-4000-8000-0000000000"
    for jobs, reason, text in (
        ([f"{one}{number:02}" for number in range(51)], "r", "Maximum number of jobs supported is 50"),
        ([], "r", "jobs should not be null or empty"),
        ([f"{one}00"], "", "Reason should not be null or empty"),
    ):
        with pytest.raises(ClientError, match=text):
            getattr(batch, operation)(jobs=jobs, reason=reason)
    fifty = [f"{one}{number:02}" for number in range(50)]
    assert getattr(batch, operation)(jobs=fifty, reason="r")["successful"] == fifty


def test_a_front_that_can_never_fit_says_so(batch: Any, stuck: Make, define: Make, wait_for: Make) -> None:
    first, second = stuck(), stuck()
    reason = (
        "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE - CE(s) associated with the job queue cannot meet"
        " the CPU requirement of the job."
    )
    wait_for(lambda: job_of(batch, first).get("statusReason") == reason)
    assert "statusReason" not in job_of(batch, second)
    batch.cancel_job(jobId=first, reason="r")
    wait_for(lambda: job_of(batch, second).get("statusReason") == reason)
    small = define(container={"resourceRequirements": SMALL}, name="small")
    blocked = batch.submit_job(jobName="behind", jobQueue="small", jobDefinition=small)["jobId"]
    batch.cancel_job(jobId=second, reason="r")
    wait_for(lambda: job_of(batch, blocked)["status"] == "SUCCEEDED")
