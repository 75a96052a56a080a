"""`batchyard serve --quickstart`: a job runs after one command, and a second start makes nothing twice."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from cli.commands import batchyard
from conftest import client, wait_for
from journeys.served import BIN, served

OPERATIONS = {"CreateRole", "CreateComputeEnvironment", "CreateJobQueue", "RegisterJobDefinition"}


def _started(directory: Path) -> Any:
    return served("--data-dir", str(directory), "--quickstart")


def test_a_job_runs_and_a_second_start_makes_nothing(tmp_path: Path) -> None:
    with _started(tmp_path) as server:
        batch, logs = (client(server.endpoint, name, access_key="test") for name in ("batch", "logs"))
        job = batch.submit_job(jobName="first", jobQueue="quickstart", jobDefinition="hello")["jobId"]
        ended = wait_for(lambda: _ended(batch, job), seconds=30)
        assert (ended["status"], ended["container"]["exitCode"]) == ("SUCCEEDED", 0)
        stream = ended["container"]["logStreamName"]
        events = logs.get_log_events(logGroupName="/aws/batch/job", logStreamName=stream)["events"]
        assert [event["message"] for event in events] == ["hello from Batchyard"]
        before = _things(server.endpoint)
        trail = client(server.endpoint, "cloudtrail", access_key="test")
        assert {_who(trail, one) for one in OPERATIONS} == {("Root", "batchyard serve --quickstart")}
    with _started(tmp_path) as server:
        assert _things(server.endpoint) == before
    assert [len(things) for things in before] == [1, 1, 1, 1]


def test_it_says_what_is_there_and_what_to_type_next(tmp_path: Path) -> None:
    command = [str(BIN / "batchyard"), "serve", "--port", "0", "--data-dir", str(tmp_path), "--quickstart"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(4)]
        finally:
            process.terminate()
    assert lines[2].startswith("There are: compute environment quickstart (Fargate), job queue quickstart")
    assert "aws batch submit-job --job-name first --job-queue quickstart" in lines[3]


def test_an_environment_that_is_invalid_is_told(tmp_path: Path) -> None:
    with served("--data-dir", str(tmp_path)) as server:
        ec2, batch = (client(server.endpoint, name, access_key="test") for name in ("ec2", "batch"))
        batch.create_compute_environment(
            computeEnvironmentName="quickstart",
            type="MANAGED",
            serviceRole="arn:aws:iam::000000000000:role/nobody",
            computeResources={
                "type": "FARGATE",
                "maxvCpus": 1,
                "subnets": [ec2.describe_subnets()["Subnets"][0]["SubnetId"]],
                "securityGroupIds": [ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]],
            },
        )
        wait_for(lambda: _environment(batch)["status"] == "INVALID")
    refused = batchyard("serve", "--port", "0", "--data-dir", str(tmp_path), "--quickstart")
    assert refused.returncode == 2
    assert "the compute environment quickstart is INVALID: CLIENT_ERROR" in refused.stderr


def _who(trail: Any, operation: str) -> tuple[str, str]:
    attribute = {"AttributeKey": "EventName", "AttributeValue": operation}
    (event,) = trail.lookup_events(LookupAttributes=[attribute])["Events"]
    record = json.loads(event["CloudTrailEvent"])
    return record["userIdentity"]["type"], record["userAgent"]


def _environment(batch: Any) -> Any:
    return batch.describe_compute_environments()["computeEnvironments"][0]


def _ended(batch: Any, job: str) -> Any:
    found = batch.describe_jobs(jobs=[job])["jobs"][0]
    return found if found["status"] in ("SUCCEEDED", "FAILED") else None


def _things(endpoint: str) -> list[list[str]]:
    iam, batch = (client(endpoint, name, access_key="test") for name in ("iam", "batch"))
    roles = [one["RoleId"] for one in iam.list_roles(PathPrefix="/")["Roles"] if one["Path"] == "/"]
    environments = batch.describe_compute_environments()["computeEnvironments"]
    queues = batch.describe_job_queues()["jobQueues"]
    definitions = batch.describe_job_definitions()["jobDefinitions"]
    return [
        roles,
        [one["uuid"] for one in environments],
        [one["jobQueueArn"] for one in queues],
        [one["jobDefinitionArn"] for one in definitions],
    ]
