"""What `serve --quickstart` makes: all that a first job needs, by AWS's operations, in the account of `test`/`test`.

Each thing is made only where it is missing, so a server may be started with `--quickstart` again and again.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from batchyard.clock import monotonic
from batchyard.framework.errors import ApiError

if TYPE_CHECKING:
    from batchyard.framework.clients import Clients

ACCOUNT = "000000000000"
REGION = "us-east-1"
EXECUTION_ROLE = "quickstart-execution"
NAME = "quickstart"
JOB_DEFINITION = "hello"
WAIT_SECONDS = 30

_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "ecs-tasks.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}
_EXECUTION_POLICY = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"


class NotMade(Exception):
    """The quickstart's environment or queue did not become VALID; the message says why."""


@dataclass(frozen=True, slots=True)
class Made:
    """The names and ARNs of what is there now."""

    execution_role: str
    compute_environment: str
    job_queue: str
    job_definition: str

    def as_json(self) -> dict[str, str]:
        """For the ready line; keys in AWS's spelling."""
        return {
            "executionRoleArn": self.execution_role,
            "computeEnvironment": self.compute_environment,
            "jobQueue": self.job_queue,
            "jobDefinition": self.job_definition,
        }

    def as_text(self) -> str:
        """For people: what is there, and what to type next."""
        return "\n".join(
            [
                f"There are: compute environment {self.compute_environment} (Fargate), job queue {self.job_queue}, "
                f"job definition {self.job_definition}, execution role {EXECUTION_ROLE}",
                f"Run a job:  aws batch submit-job --job-name first --job-queue {self.job_queue} "
                f"--job-definition {self.job_definition}",
            ]
        )


def make(root: Clients, pause: Callable[[], object]) -> Made:
    """Make what is missing, as the account's root, and wait until jobs can be submitted.

    `pause` is called between two looks at a state. Raises NotMade.
    """
    aws: Any = root
    role = _execution_role(aws.iam)
    _compute_environment(aws)
    _until_valid(pause, lambda: _environment(aws.batch), f"the compute environment {NAME}")
    if _queue(aws.batch) is None:
        order = [{"order": 1, "computeEnvironment": NAME}]
        aws.batch.create_job_queue(jobQueueName=NAME, priority=1, computeEnvironmentOrder=order)
    _until_valid(pause, lambda: _queue(aws.batch), f"the job queue {NAME}")
    _job_definition(aws.batch, role)
    return Made(role, NAME, NAME, JOB_DEFINITION)


def _execution_role(iam: Any) -> str:
    try:
        role = iam.get_role(RoleName=EXECUTION_ROLE)["Role"]
    except ApiError as error:
        if error.code != "NoSuchEntity":
            raise
        role = iam.create_role(RoleName=EXECUTION_ROLE, AssumeRolePolicyDocument=json.dumps(_TRUST))["Role"]
    iam.attach_role_policy(RoleName=EXECUTION_ROLE, PolicyArn=_EXECUTION_POLICY)
    arn: str = role["Arn"]
    return arn


def _compute_environment(aws: Any) -> None:
    if _environment(aws.batch) is not None:
        return
    subnets = aws.ec2.describe_subnets(Filters=[{"Name": "default-for-az", "Values": ["true"]}])["Subnets"]
    default = [{"Name": "group-name", "Values": ["default"]}]
    groups = aws.ec2.describe_security_groups(Filters=default)["SecurityGroups"]
    aws.batch.create_compute_environment(
        computeEnvironmentName=NAME,
        type="MANAGED",
        computeResources={
            "type": "FARGATE",
            "maxvCpus": 16,
            "subnets": [one["SubnetId"] for one in subnets],
            "securityGroupIds": [one["GroupId"] for one in groups if one["VpcId"] == subnets[0]["VpcId"]],
        },
    )


def _job_definition(batch: Any, role: str) -> None:
    active = batch.describe_job_definitions(jobDefinitionName=JOB_DEFINITION, status="ACTIVE")
    if active["jobDefinitions"]:
        return
    batch.register_job_definition(
        jobDefinitionName=JOB_DEFINITION,
        type="container",
        platformCapabilities=["FARGATE"],
        parameters={"who": "Batchyard"},
        containerProperties={
            "image": "busybox",
            "command": ["echo", "hello from", "Ref::who"],
            "executionRoleArn": role,
            "resourceRequirements": [
                {"type": "VCPU", "value": "0.25"},
                {"type": "MEMORY", "value": "512"},
            ],
        },
    )


def _environment(batch: Any) -> Any:
    found = batch.describe_compute_environments(computeEnvironments=[NAME])["computeEnvironments"]
    return found[0] if found else None


def _queue(batch: Any) -> Any:
    found = batch.describe_job_queues(jobQueues=[NAME])["jobQueues"]
    return found[0] if found else None


def _until_valid(pause: Callable[[], object], look: Callable[[], Any], what: str) -> None:
    deadline = monotonic() + WAIT_SECONDS
    while (seen := look())["status"] != "VALID":
        if seen["status"] == "INVALID":
            raise NotMade(f"{what} is INVALID: {seen.get('statusReason', '')}")
        if monotonic() > deadline:
            raise NotMade(f"{what} is still {seen['status']} after {WAIT_SECONDS} seconds")
        pause()
