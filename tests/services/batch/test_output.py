"""Who writes a job's output: the job's execution role, or its instance's; Batch makes group and streams, no more."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import EXECUTION_POLICY

Make = Callable[..., Any]


@pytest.fixture
def writers(aws: Make, wait_for: Make) -> Make:
    """`writers("PutLogEvents")`: the ARNs of those who called an operation of CloudWatch Logs, session names cut."""

    def look(name: str) -> set[str]:
        lookup = [{"AttributeKey": "EventName", "AttributeValue": name}]
        events = wait_for(lambda: aws("cloudtrail").lookup_events(LookupAttributes=lookup)["Events"])
        arns = [json.loads(one["CloudTrailEvent"])["userIdentity"]["arn"] for one in events]
        return {arn.rsplit(":", 1)[-1].rsplit("/", 1)[0] for arn in arns}

    return look


def test_batch_makes_group_and_stream_and_the_execution_role_writes(
    aws: Make, submit: Make, reached: Make, said: Make, writers: Make, wait_for: Make
) -> None:
    job = reached(submit("echo hello"))
    wait_for(lambda: said(job) == ["hello"])
    assert writers("CreateLogGroup") == {"assumed-role/AWSServiceRoleForBatch"}
    assert "assumed-role/AWSServiceRoleForBatch" in writers("CreateLogStream")
    assert writers("PutLogEvents") == {"assumed-role/execution"}
    task = job["container"]["taskArn"].rsplit("/", 1)[-1]
    lookup = [{"AttributeKey": "EventName", "AttributeValue": "PutLogEvents"}]
    event = json.loads(
        aws("cloudtrail").lookup_events(LookupAttributes=lookup)["Events"][0]["CloudTrailEvent"]
    )
    assert event["userIdentity"]["arn"].endswith(f":assumed-role/execution/{task}")


def test_a_script_that_opens_stderr_anew_loses_nothing(
    submit: Make, reached: Make, said: Make, wait_for: Make
) -> None:
    """As with Docker, where stdout and stderr are pipes."""
    job = reached(submit("echo a; echo b > /dev/stderr; echo c > /dev/stdout; echo d"))
    wait_for(lambda: len(said(job)) >= 4)
    assert said(job) == ["a", "b", "c", "d"]


def test_a_fargate_job_whose_execution_role_lacks_the_right_fails_in_awss_words(
    aws: Make, account: str, submit: Make, reached: Make
) -> None:
    """Recorded in 2026 of a job of Batch and of services (see ecs/log_delivery.py)."""
    assert reached(submit())["status"] == "SUCCEEDED"
    aws("iam").detach_role_policy(RoleName="execution", PolicyArn=EXECUTION_POLICY)
    job = reached(submit("true"))
    assert job["status"] == "FAILED"
    task = job["container"]["taskArn"].rsplit("/", 1)[-1]
    stream = f"log-group:/aws/batch/job:log-stream:work/default/{task}"
    begin, _, end = job["statusReason"].partition(", RequestID: ")
    assert begin == (
        "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed"
        " to create Cloudwatch log stream: operation error CloudWatch Logs: CreateLogStream, https response error"
        " StatusCode: 400"
    )
    assert end.partition(", ")[2] == (
        f"api error AccessDeniedException: User: arn:aws:sts::{account}:assumed-role/execution/{task} is not"
        f" authorized to perform: logs:CreateLogStream on resource: arn:aws:logs:us-east-1:{account}:{stream} because"
        " no identity-based policy allows the logs:CreateLogStream action : exit status 1"
    )


def test_any_group_that_the_execution_role_may_write(
    aws: Make, define: Make, submit: Make, reached: Make, writers: Make, wait_for: Make
) -> None:
    """Batch makes nothing in a group of the owner's, though its own role may not even write there."""
    logs = aws("logs")
    logs.create_log_group(logGroupName="/mine")
    options = {"awslogs-group": "/mine", "awslogs-stream-prefix": "p"}
    container = {"logConfiguration": {"logDriver": "awslogs", "options": options}}
    job = reached(submit(definition=define("echo hello", container=container)))
    assert job["status"] == "SUCCEEDED"
    stream = job["container"]["logStreamName"]
    read = {"logGroupName": "/mine", "logStreamName": stream}
    wait_for(lambda: [one["message"] for one in logs.get_log_events(**read)["events"]] == ["hello"])
    assert writers("CreateLogStream") == writers("PutLogEvents") == {"assumed-role/execution"}


def test_no_group_that_it_may_not_write(
    aws: Make, account: str, define: Make, submit: Make, reached: Make
) -> None:
    """Who defines a job chooses the group; who runs it, Batch or an administrator, opens none."""
    aws("logs").create_log_group(logGroupName="/secure")
    aws("iam").detach_role_policy(RoleName="execution", PolicyArn=EXECUTION_POLICY)
    statement = {
        "Effect": "Allow",
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": f"arn:aws:logs:us-east-1:{account}:log-group:/aws/batch/job:*",
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    aws("iam").put_role_policy(RoleName="execution", PolicyName="logs", PolicyDocument=document)
    container = {"logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/secure"}}}
    job = reached(submit(definition=define("echo forged", container=container)))
    assert job["status"] == "FAILED"
    assert "is not authorized to perform: logs:CreateLogStream" in job["statusReason"]
    assert aws("logs").describe_log_streams(logGroupName="/secure")["logStreams"] == []


def test_a_group_to_be_made_needs_the_right_to_make_it(
    aws: Make, define: Make, submit: Make, reached: Make
) -> None:
    options = {"awslogs-group": "/new", "awslogs-create-group": "true"}
    container = {"logConfiguration": {"logDriver": "awslogs", "options": options}}
    definition = define("true", container=container)
    job = reached(submit(definition=definition))
    assert (
        "failed to create Cloudwatch log group: operation error CloudWatch Logs: CreateLogGroup"
        in (job["statusReason"])
    )
    statement = {"Effect": "Allow", "Action": "logs:CreateLogGroup", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    aws("iam").put_role_policy(RoleName="execution", PolicyName="logs", PolicyDocument=document)
    assert reached(submit(definition=definition))["status"] == "SUCCEEDED"


def test_a_right_that_was_taken_away_writes_nothing(
    aws: Make, submit: Make, reached: Make, said: Make, writers: Make, wait_for: Make, tmp_path: Path
) -> None:
    """A right that is taken from the role holds at the next line; given back, what was held is put."""
    iam = aws("iam")
    taken = tmp_path / "taken"
    job_id = submit(f"echo one; until [ -e {taken} ]; do sleep 0.1; done; echo two")
    job = reached(job_id, "RUNNING")
    wait_for(lambda: said(job_of(aws, job_id)) == ["one"])
    iam.detach_role_policy(RoleName="execution", PolicyArn=EXECUTION_POLICY)
    taken.touch()
    job = reached(job_id)
    assert said(job) == ["one"]
    iam.attach_role_policy(RoleName="execution", PolicyArn=EXECUTION_POLICY)
    wait_for(lambda: said(job) == ["one", "two"])


def job_of(aws: Make, job_id: str) -> Any:
    """A job as described."""
    return aws("batch").describe_jobs(jobs=[job_id])["jobs"][0]
