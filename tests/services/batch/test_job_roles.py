"""A job is its job role: what the role may, the job may, and no more."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from services.batch.environments import trust

Make = Callable[..., Any]
AWS = shutil.which("aws", path=str(Path(sys.executable).parent)) or "aws"
SHOWN = "--query jobName --output text"
SUBMIT = f"{AWS} batch submit-job --job-name child --job-queue queue --job-definition child {SHOWN}"


@pytest.fixture
def job_role(aws: Make) -> Make:
    """`job_role("batch:SubmitJob")`: the ARN of a role that jobs may have and that may do this much."""

    def make(*actions: str) -> str:
        iam = aws("iam")
        arn: str = iam.create_role(
            RoleName="worker", AssumeRolePolicyDocument=trust("ecs-tasks.amazonaws.com")
        )["Role"]["Arn"]
        if actions:
            statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
            document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
            iam.put_role_policy(RoleName="worker", PolicyName="p", PolicyDocument=document)
        return arn

    return make


def test_the_cli_in_a_job_says_who_it_is(
    account: str, job_role: Make, define: Make, submit: Make, reached: Make, said: Make
) -> None:
    script = f"{AWS} sts get-caller-identity --query Arn --output text"
    job = reached(submit(definition=define(script, container={"jobRoleArn": job_role()})), seconds=60)
    task = job["container"]["taskArn"].rsplit("/", 1)[-1]
    assert said(job) == [f"arn:aws:sts::{account}:assumed-role/worker/{task}"]


def test_a_job_submits_another_where_its_role_may(
    batch: Any, job_role: Make, define: Make, submit: Make, reached: Make, said: Make, wait_for: Make
) -> None:
    define("true", name="child")
    role = job_role("batch:SubmitJob")
    job = reached(submit(definition=define(SUBMIT, container={"jobRoleArn": role})), seconds=60)
    assert (job["status"], said(job)) == ("SUCCEEDED", ["child"])
    named = [{"name": "JOB_NAME", "values": ["child"]}]
    [child] = batch.list_jobs(jobQueue="queue", filters=named)["jobSummaryList"]
    assert reached(child["jobId"])["status"] == "SUCCEEDED"


def test_it_is_denied_by_its_roles_name_where_the_role_may_not(
    batch: Any, account: str, job_role: Make, define: Make, submit: Make, reached: Make, said: Make
) -> None:
    define("true", name="child")
    script = f"{SUBMIT} 2>&1"
    job = reached(submit(definition=define(script, container={"jobRoleArn": job_role()})), seconds=60)
    assert job["status"] == "FAILED"
    task = job["container"]["taskArn"].rsplit("/", 1)[-1]
    text = " ".join(said(job))
    assert "(AccessDeniedException) when calling the SubmitJob operation" in text
    assert (
        f"User: arn:aws:sts::{account}:assumed-role/worker/{task} is not authorized to perform: batch:SubmitJob"
        in (text)
    )


def test_a_job_whose_role_ecs_may_not_assume_fails_at_its_start(
    aws: Make, account: str, job_role: Make, define: Make, submit: Make, reached: Make
) -> None:
    definition = define("true", container={"jobRoleArn": job_role()})
    other = trust("ec2.amazonaws.com")
    aws("iam").update_assume_role_policy(RoleName="worker", PolicyDocument=other)
    job = reached(submit(definition=definition))
    assert (job["status"], job["statusReason"]) == (
        "FAILED",
        f"ECS was unable to assume the role 'arn:aws:iam::{account}:role/worker' that was provided for this task."
        " Please verify that the role being passed has the proper trust relationship and permissions and that your"
        " IAM user has permissions to pass this role.",
    )


def test_a_job_without_a_role_has_nobodys_credentials(
    define: Make, submit: Make, reached: Make, said: Make
) -> None:
    script = f"echo $AWS_EC2_METADATA_DISABLED; {AWS} sts get-caller-identity 2>&1"
    job = reached(submit(definition=define(script)), seconds=60)
    lines = [line for line in said(job) if line]
    assert lines[0] == "true"
    assert "Unable to locate credentials" in lines[1]
