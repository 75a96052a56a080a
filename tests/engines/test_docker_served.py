"""A job in a container, asked for with boto3 of a server that was started as users start it."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import client
from docker_host.daemons import DockerHost
from docker_host.images import GREETER, PYTHON
from engines.running import until
from journeys.served import BIN, Served, served

pytestmark = pytest.mark.docker

WHO = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])"


@pytest.fixture
def server(daemon: DockerHost, tmp_path: Path) -> Iterator[Served]:
    config = tmp_path / "batchyard.toml"
    config.write_text(f'engine = "docker"\n[engines.docker]\nsocket = "{daemon.socket}"\n')
    with served("--config", str(config), "--data-dir", str(tmp_path / "data"), "--quickstart") as one:
        yield one
    daemon.empty()


def run(server: Served, **container: Any) -> tuple[Any, list[str]]:
    """(a job at its end, its output)."""
    batch = client(server.endpoint, "batch", access_key="test")
    made = batch.describe_job_definitions(status="ACTIVE")["jobDefinitions"][0]["containerProperties"]
    size = [{"type": "VCPU", "value": "0.25"}, {"type": "MEMORY", "value": "512"}]
    properties = {
        "resourceRequirements": size,
        "executionRoleArn": made["executionRoleArn"],
        **container,
    }
    definition = batch.register_job_definition(
        jobDefinitionName="one",
        type="container",
        platformCapabilities=["FARGATE"],
        containerProperties=properties,
    )["jobDefinitionArn"]
    queue = batch.describe_job_queues()["jobQueues"][0]["jobQueueName"]
    job = batch.submit_job(jobName="one", jobQueue=queue, jobDefinition=definition)["jobId"]

    def ended() -> Any:
        found = batch.describe_jobs(jobs=[job])["jobs"][0]
        return found if found["status"] in ("SUCCEEDED", "FAILED") else None

    end = until(ended, seconds=60)
    logs = client(server.endpoint, "logs", access_key="test")
    stream = end["container"].get("logStreamName")
    if stream is None:
        return end, []
    events = logs.get_log_events(logGroupName="/aws/batch/job", logStreamName=stream, startFromHead=True)
    return end, [one["message"] for one in events["events"]]


def test_jobs_run_in_their_images(server: Served) -> None:
    end, lines = run(server, image=GREETER)
    assert (end["status"], end["container"]["exitCode"], lines) == (
        "SUCCEEDED",
        0,
        ["greetings from the image"],
    )


def test_a_job_speaks_to_the_server_as_its_role(server: Served) -> None:
    iam = client(server.endpoint, "iam", access_key="test")
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "ecs-tasks.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    role = iam.create_role(RoleName="job", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    end, lines = run(server, image=PYTHON, command=["python3", "-c", WHO], jobRoleArn=role)
    assert end["status"] == "SUCCEEDED", (end, lines)
    assert lines[0].startswith("arn:aws:sts::000000000000:assumed-role/job/")


PUT = """
import boto3
s3 = boto3.client("s3", config=boto3.session.Config(s3={"addressing_style": "path"}))
s3.create_bucket(Bucket="results")
s3.put_object(Bucket="results", Key="one", Body=b"from a job")
"""


def test_a_job_puts_its_results_into_the_s3_server_of_the_settings(
    daemon: DockerHost, tmp_path: Path
) -> None:
    (tmp_path / "s3").mkdir()
    command = [
        str(BIN / "rclone"),
        "serve",
        "s3",
        "--auth-key",
        "key,secret",
        "--addr",
        "127.0.0.1:0",
        str(tmp_path / "s3"),
    ]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as s3:
        try:
            assert s3.stderr is not None
            line = next(one for one in s3.stderr if "http://" in one)
            address = re.search(r"http://[0-9.:]+", line)
            assert address is not None
            config = tmp_path / "batchyard.toml"
            config.write_text(
                f'engine = "docker"\ns3_endpoint = "{address[0]}"\n[engines.docker]\nsocket = "{daemon.socket}"\n'
            )
            arguments = ("--config", str(config), "--data-dir", str(tmp_path / "data"), "--quickstart")
            keys = [
                {"name": "AWS_ACCESS_KEY_ID", "value": "key"},
                {"name": "AWS_SECRET_ACCESS_KEY", "value": "secret"},
            ]
            with served(*arguments) as server:
                end, lines = run(server, image=PYTHON, command=["python3", "-c", PUT], environment=keys)
            assert end["status"] == "SUCCEEDED", lines
            assert (tmp_path / "s3/results/one").read_bytes() == b"from a job"
        finally:
            s3.terminate()
            daemon.empty()


def test_an_image_that_is_not_to_be_had_fails_the_job(server: Served) -> None:
    end, _ = run(server, image="registry.invalid/nothing:1")
    assert (end["status"], end["statusReason"]) == ("FAILED", "Task failed to start")
    assert end["container"]["reason"].startswith("CannotPullContainerError: Error response from daemon: ")
