"""What the tests of Batch's jobs share: a Fargate environment with a queue, job definitions, waiting."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from conftest import EXECUTION_POLICY
from services.batch.environments import make_instance_profile, on_instances, settled

ENDED = ("SUCCEEDED", "FAILED")
SMALL = [{"type": "VCPU", "value": "0.25"}, {"type": "MEMORY", "value": "512"}]


@pytest.fixture(autouse=True)
def _forget(app: Any, account: str) -> Iterator[None]:
    """End what a test leaves running: the engine's slots are everybody's."""
    yield
    app.reset(account)


@pytest.fixture
def batch(aws: Callable[..., Any]) -> Any:
    """Batch as root of this test's account."""
    return aws("batch")


@pytest.fixture
def execution_role(aws: Callable[..., Any]) -> str:
    """The role that Fargate tasks need, with the documented policy."""
    trust = (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",'
        '"Principal":{"Service":"ecs-tasks.amazonaws.com"}}]}'
    )
    iam = aws("iam")
    arn: str = iam.create_role(RoleName="execution", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    iam.attach_role_policy(RoleName="execution", PolicyArn=EXECUTION_POLICY)
    return arn


MakeEnvironment = Callable[..., str]


@pytest.fixture
def environment(aws: Callable[..., Any], batch: Any, wait_for: Callable[..., Any]) -> MakeEnvironment:
    """`environment("name", maxvCpus=4)`: the ARN of a VALID Fargate environment."""

    def make(name: str = "fargate", **resources: Any) -> str:
        ec2 = aws("ec2")
        subnets = [one["SubnetId"] for one in ec2.describe_subnets()["Subnets"]][:1]
        groups = [one["GroupId"] for one in ec2.describe_security_groups()["SecurityGroups"]][:1]
        arn: str = batch.create_compute_environment(
            computeEnvironmentName=name,
            type="MANAGED",
            computeResources={
                "type": "FARGATE",
                "maxvCpus": 16,
                "subnets": subnets,
                "securityGroupIds": groups,
                **resources,
            },
        )["computeEnvironmentArn"]

        def valid() -> bool:
            shown = batch.describe_compute_environments(computeEnvironments=[name])["computeEnvironments"][0]
            assert shown["status"] != "INVALID", shown["statusReason"]
            return bool(shown["status"] == "VALID")

        wait_for(valid)
        return arn

    return make


def queue_of(batch: Any, name: str) -> Any:
    """A queue as described, or None."""
    found = batch.describe_job_queues(jobQueues=[name])["jobQueues"]
    return found[0] if found else None


@pytest.fixture
def queue(batch: Any, environment: MakeEnvironment, wait_for: Callable[..., Any]) -> str:
    """The name of a VALID queue on a Fargate environment."""
    order = [{"order": 1, "computeEnvironment": environment()}]
    batch.create_job_queue(jobQueueName="queue", priority=1, computeEnvironmentOrder=order)
    wait_for(lambda: queue_of(batch, "queue")["status"] == "VALID")
    return "queue"


@pytest.fixture
def define(batch: Any, execution_role: str) -> Callable[..., str]:
    """`define("echo hi")`: the ARN of a job definition that runs a shell script on Fargate."""

    def make(script: str = "true", *, name: str = "work", container: Any = None, **request: Any) -> str:
        arn: str = batch.register_job_definition(
            jobDefinitionName=name,
            type="container",
            platformCapabilities=["FARGATE"],
            containerProperties={
                "image": "busybox",
                "command": ["/bin/sh", "-c", script],
                "resourceRequirements": SMALL,
                "executionRoleArn": execution_role,
                **(container or {}),
            },
            **request,
        )["jobDefinitionArn"]
        return arn

    return make


@pytest.fixture
def submit(batch: Any, queue: str, define: Callable[..., str]) -> Callable[..., str]:
    """`submit("exit 3", retryStrategy=…)`: the id of a job that runs a shell script."""

    def make(script: str = "true", *, definition: str | None = None, **request: Any) -> str:
        arn = definition or define(script)
        answer = batch.submit_job(jobName="job", jobQueue=queue, jobDefinition=arn, **request)
        job_id: str = answer["jobId"]
        return job_id

    return make


def job_of(batch: Any, job_id: str) -> Any:
    """A job as described."""
    return batch.describe_jobs(jobs=[job_id])["jobs"][0]


@pytest.fixture
def reached(batch: Any, wait_for: Callable[..., Any]) -> Callable[..., Any]:
    """`reached(job_id, "RUNNING")`: waits for one of the statuses (by default an end) and gives the job."""

    def wait(job_id: str, *statuses: str, seconds: float = 20) -> Any:
        wanted: Sequence[str] = statuses or ENDED

        def look() -> Any:
            job = job_of(batch, job_id)
            assert job["status"] in wanted or job["status"] not in ENDED, job
            return job if job["status"] in wanted else None

        return wait_for(look, seconds=seconds)

    return wait


@pytest.fixture
def said(aws: Callable[..., Any], wait_for: Callable[..., Any]) -> Callable[..., list[str]]:
    """`said(job)`: the lines that an ended job wrote."""

    def read(job: Any) -> list[str]:
        stream = job["container"]["logStreamName"]
        answer = aws("logs").get_log_events(logGroupName="/aws/batch/job", logStreamName=stream)
        return [event["message"] for event in answer["events"]]

    return read


@pytest.fixture
def ec2_queue(batch: Any, aws: Callable[..., Any], wait_for: Callable[..., Any]) -> Callable[..., str]:
    """`ec2_queue(maxvCpus=8)`: the name of a queue on a fresh EC2 environment, which is called `ec2`."""

    make_instance_profile(aws)

    def make(**resources: Any) -> str:
        batch.create_compute_environment(
            computeEnvironmentName="ec2", type="MANAGED", computeResources=on_instances(aws, **resources)
        )
        assert settled(batch, "ec2")["status"] == "VALID"
        order = [{"order": 1, "computeEnvironment": "ec2"}]
        batch.create_job_queue(jobQueueName="ec2", priority=1, computeEnvironmentOrder=order)
        wait_for(lambda: queue_of(batch, "ec2")["status"] == "VALID")
        return "ec2"

    return make
