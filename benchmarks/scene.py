"""What the load finds: a user with a policy, a queue that accepts jobs and starts none, a role; and signed requests."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

ACCOUNT = "123456789012"
REGION = "us-east-1"
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": ["batch:SubmitJob", "batch:TerminateJob"],
            "Resource": [
                f"arn:aws:batch:*:{ACCOUNT}:job-definition/*",
                f"arn:aws:batch:*:{ACCOUNT}:job-queue/*",
            ],
        },
        {"Effect": "Allow", "Action": ["batch:Describe*", "batch:List*"], "Resource": "*"},
        {
            "Effect": "Allow",
            "Action": ["iam:Get*", "iam:List*"],
            "Resource": f"arn:aws:iam::{ACCOUNT}:role/*",
        },
        {"Effect": "Allow", "Action": "iam:GetAccountAuthorizationDetails", "Resource": "*"},
        {"Effect": "Deny", "Action": "batch:Delete*", "Resource": "*"},
    ],
}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "ecs-tasks.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}
EXECUTION_POLICY = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
SIZES = [{"type": "VCPU", "value": "0.25"}, {"type": "MEMORY", "value": "512"}]


class Scene:
    """An account on a server, and requests signed as its user."""

    def __init__(self, endpoint: str, keys: dict[str, str] | None = None) -> None:
        self._endpoint = endpoint
        self.keys = keys or self._set()

    def client(self, service: str) -> Any:
        """boto3 as root of the account."""
        # boto3's types know services by literal names alone.
        session: Any = boto3.Session()
        return session.client(
            service,
            endpoint_url=self._endpoint,
            region_name=REGION,
            aws_access_key_id=ACCOUNT,
            aws_secret_access_key="test",
        )

    def submissions(self, queue: str = "queue") -> list[bytes]:
        """SubmitJob requests with different names and one container override."""
        bodies = [
            {
                "jobName": f"job-{number}",
                "jobQueue": queue,
                "jobDefinition": "work:1",
                "containerOverrides": {"environment": [{"name": "NUMBER", "value": str(number)}]},
            }
            for number in range(200)
        ]
        return [self._json("/v1/submitjob", body) for body in bodies]

    def descriptions(self) -> list[bytes]:
        """DescribeJobs of a hundred jobs that are there."""
        batch = self.client("batch")
        jobs = batch.list_jobs(jobQueue="queue", jobStatus="RUNNABLE", maxResults=100)["jobSummaryList"]
        if len(jobs) != 100:
            raise RuntimeError("there are not a hundred jobs to describe")
        return [self._json("/v1/describejobs", {"jobs": [job["jobId"] for job in jobs]})]

    def listing(self, name: str = "") -> bytes:
        """ListJobs of a hundred that have succeeded, or whose name matches."""
        narrowed = (
            {"filters": [{"name": "JOB_NAME", "values": [name]}]} if name else {"jobStatus": "SUCCEEDED"}
        )
        return self._json("/v1/listjobs", {"jobQueue": "queue", "maxResults": 100, **narrowed})

    def iam_read(self, form: Mapping[str, str]) -> bytes:
        """A read of IAM's, by its parameters."""
        headers = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
        return self._signed("iam", "/", headers, urlencode({"Version": "2010-05-08", **form}).encode())

    def _json(self, path: str, body: Any) -> bytes:
        return self._signed("batch", path, {"content-type": "application/json"}, json.dumps(body).encode())

    def _signed(self, service: str, path: str, headers: dict[str, str], body: bytes) -> bytes:
        request = AWSRequest("POST", self._endpoint + path, headers=headers, data=body)
        keys = Credentials(self.keys["AccessKeyId"], self.keys["SecretAccessKey"])
        SigV4Auth(keys, service, REGION).add_auth(request)
        lines = [f"POST {path} HTTP/1.1", f"host: {urlsplit(self._endpoint).netloc}"]
        lines += [f"{name}: {value}" for name, value in request.headers.items()]
        lines += ["user-agent: Boto3/1.40 Botocore/1.40 (benchmark)", f"content-length: {len(body)}", "", ""]
        return "\r\n".join(lines).encode() + body

    def _set(self) -> dict[str, str]:
        iam = self.client("iam")
        iam.create_user(UserName="ada")
        arn = iam.create_policy(PolicyName="jobs", PolicyDocument=json.dumps(POLICY))["Policy"]["Arn"]
        iam.attach_user_policy(UserName="ada", PolicyArn=arn)
        iam.create_role(RoleName="execution", AssumeRolePolicyDocument=json.dumps(TRUST))
        iam.attach_role_policy(RoleName="execution", PolicyArn=EXECUTION_POLICY)
        self._queue()
        keys: dict[str, str] = iam.create_access_key(UserName="ada")["AccessKey"]
        return keys

    def open_for_work(self) -> None:
        """A queue, `running`, whose environment has room for thousands of jobs at once."""
        self._make_queue("running", environment="wide", vcpus=4096)

    def _queue(self) -> None:
        """A queue whose environment is DISABLED once it is there: its jobs wait."""
        batch = self.client("batch")
        self._make_queue("queue", environment="idle", vcpus=1)
        batch.update_compute_environment(computeEnvironment="idle", state="DISABLED")
        _wait(lambda: self._environment("idle") == ("VALID", "DISABLED"))
        batch.register_job_definition(
            jobDefinitionName="work",
            type="container",
            platformCapabilities=["FARGATE"],
            containerProperties={
                "image": "busybox",
                "command": ["true"],
                "executionRoleArn": f"arn:aws:iam::{ACCOUNT}:role/execution",
                "resourceRequirements": SIZES,
            },
        )

    def _make_queue(self, name: str, *, environment: str, vcpus: int) -> None:
        batch, ec2 = self.client("batch"), self.client("ec2")
        batch.create_compute_environment(
            computeEnvironmentName=environment,
            type="MANAGED",
            computeResources={
                "type": "FARGATE",
                "maxvCpus": vcpus,
                "subnets": [ec2.describe_subnets()["Subnets"][0]["SubnetId"]],
                "securityGroupIds": [ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]],
            },
        )
        _wait(lambda: self._environment(environment)[0] == "VALID")
        order = [{"order": 1, "computeEnvironment": environment}]
        batch.create_job_queue(jobQueueName=name, priority=1, computeEnvironmentOrder=order)
        _wait(lambda: batch.describe_job_queues(jobQueues=[name])["jobQueues"][0]["status"] == "VALID")

    def _environment(self, name: str) -> tuple[str, str]:
        answer = self.client("batch").describe_compute_environments(computeEnvironments=[name])
        found = answer["computeEnvironments"][0]
        return found["status"], found["state"]


def _wait(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("the scene was not set within 30 s")
        time.sleep(0.02)
