"""What the requests find: accounts in which a bit of everything is really there, and words to name it by."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import boto3
from botocore.config import Config

from input.message import Credentials
from input.values import normal

REGION = "us-east-1"
MOST_WORDS = 12
# Any: boto3's types know services by literal names alone.
_session: Any = boto3.Session()
_TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}
            for principal in (
                {"Service": ["ecs-tasks.amazonaws.com", "batch.amazonaws.com", "ec2.amazonaws.com"]},
                {"AWS": "*"},
            )
        ],
    }
)
_POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": ["batch:*", "iam:Get*", "iam:PassRole", "ecs:*"], "Resource": "*"},
            {
                "Effect": "Deny",
                "Action": "*",
                "Resource": "*",
                "Condition": {
                    "StringLike": {"aws:RequestTag/secret": "${aws:username}"},
                    "NumericLessThan": {"aws:EpochTime": "1"},
                    "IpAddress": {"aws:SourceIp": "10.0.0.0/8"},
                },
            },
        ],
    }
)


@dataclass(frozen=True)
class Scene:
    """One account: whom requests are signed as (its root first), and what they may name."""

    account: str
    credentials: tuple[Credentials, ...]
    words: Mapping[str, list[Any]]


def client(endpoint: str, service: str, account: str) -> Any:
    """boto3 as root of the account."""
    return _session.client(
        service,
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id=account,
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=60),
    )


def prepare(endpoint: str, account: str) -> Scene:
    """Make a bit of everything in an account, and note the names and ids of it."""
    of = {one: client(endpoint, one, account) for one in _SERVICES}
    credentials = (Credentials(account, "test"), *_identities(of["iam"], of["sts"], account))
    _network_and_machines(of["ec2"], of["autoscaling"])
    _jobs(of["batch"], of["ec2"], account)
    _tasks_and_logs(of["ecs"], of["logs"], of["eks"], account)
    words: dict[str, list[Any]] = {}
    for service, operation, request in _TOLD:
        _note(getattr(of[service], operation)(**request), "", words)
    arns = [one for found in words.values() for one in found if str(one).startswith("arn:")]
    words["resourcearn"] = words["arn"] = arns[:60]
    words["policyarn"] = [one for one in arns if ":policy/" in one] + [
        "arn:aws:iam::aws:policy/ReadOnlyAccess"
    ]
    words["permissionsboundary"] = words["policyarn"]
    words["versionid"] = ["v1", "v2"]
    words["pathprefix"] = words["newpath"] = ["/"]
    words["policydocument"] = [_POLICY]
    words["assumerolepolicydocument"] = [_TRUST]
    return Scene(account, credentials, words)


_SERVICES = ("iam", "sts", "ec2", "autoscaling", "batch", "ecs", "logs", "eks")
_TOLD: list[tuple[str, str, dict[str, Any]]] = [
    ("iam", "list_users", {}), ("iam", "list_roles", {}), ("iam", "list_groups", {}),
    ("iam", "list_policies", {"Scope": "Local"}), ("iam", "list_instance_profiles", {}),
    ("iam", "list_access_keys", {"UserName": "x"}), ("iam", "list_user_policies", {"UserName": "x"}),
    ("ec2", "describe_subnets", {}), ("ec2", "describe_vpcs", {}), ("ec2", "describe_security_groups", {}),
    ("ec2", "describe_instances", {}), ("ec2", "describe_launch_templates", {}), ("ec2", "describe_images", {}),
    ("ec2", "describe_key_pairs", {}), ("autoscaling", "describe_auto_scaling_groups", {}),
    ("batch", "describe_compute_environments", {}), ("batch", "describe_job_queues", {}),
    ("batch", "describe_job_definitions", {}), ("batch", "list_jobs", {"jobQueue": "x", "jobStatus": "PENDING"}),
    ("batch", "list_jobs", {"jobQueue": "x", "jobStatus": "RUNNABLE"}),
    ("ecs", "describe_clusters", {"clusters": ["x"]}), ("ecs", "list_task_definitions", {}),
    ("ecs", "describe_task_definition", {"taskDefinition": "x"}),
    ("logs", "describe_log_groups", {}), ("logs", "describe_log_streams", {"logGroupName": "x"}),
    ("eks", "describe_cluster", {"name": "x"}),
]  # fmt: skip


def _note(value: Any, name: str, words: dict[str, list[Any]]) -> None:
    if isinstance(value, Mapping):
        for key, one in value.items():
            if key != "ResponseMetadata":
                _note(one, key, words)
    elif isinstance(value, list):
        for one in value:
            _note(one, name, words)
    elif value is not None and not isinstance(value, (bool, datetime)):
        known = words.setdefault(normal(name), [])
        if value not in known and len(known) < MOST_WORDS:
            known.append(value)


def _identities(iam: Any, sts: Any, account: str) -> tuple[Credentials, ...]:
    """A user who may do everything, one who may do little, and a session of a role."""
    policy = iam.create_policy(PolicyName="x", PolicyDocument=_POLICY)["Policy"]["Arn"]
    iam.create_policy_version(PolicyArn=policy, PolicyDocument=_POLICY)
    iam.create_group(GroupName="x")
    found = []
    for name, arn in (("x", "arn:aws:iam::aws:policy/AdministratorAccess"), ("poor", policy)):
        iam.create_user(UserName=name, Tags=[{"Key": "team", "Value": "blue"}])
        iam.attach_user_policy(UserName=name, PolicyArn=arn)
        iam.put_user_policy(UserName=name, PolicyName="x", PolicyDocument=_POLICY)
        iam.add_user_to_group(UserName=name, GroupName="x")
        key = iam.create_access_key(UserName=name)["AccessKey"]
        found.append(Credentials(key["AccessKeyId"], key["SecretAccessKey"]))
    for name in ("x", "session"):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=_TRUST)
        iam.attach_role_policy(RoleName=name, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    iam.create_instance_profile(InstanceProfileName="x")
    iam.add_role_to_instance_profile(InstanceProfileName="x", RoleName="x")
    caller = boto3_as(sts, found[0])
    taken = caller.assume_role(RoleArn=f"arn:aws:iam::{account}:role/session", RoleSessionName="it")[
        "Credentials"
    ]
    return (*found, Credentials(taken["AccessKeyId"], taken["SecretAccessKey"], taken["SessionToken"]))


def boto3_as(like: Any, credentials: Credentials) -> Any:
    """A client of the same service and server with other credentials."""
    return _session.client(
        like.meta.service_model.service_name,
        endpoint_url=like.meta.endpoint_url,
        region_name=REGION,
        aws_access_key_id=credentials.key,
        aws_secret_access_key=credentials.secret,
        aws_session_token=credentials.token,
    )


def _network_and_machines(ec2: Any, autoscaling: Any) -> None:
    image = ec2.describe_images()["Images"][0]["ImageId"]
    ec2.create_key_pair(KeyName="x")
    ec2.create_launch_template(
        LaunchTemplateName="template", LaunchTemplateData={"ImageId": image, "InstanceType": "t3.micro"}
    )
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    for name in ("x", "g"):
        autoscaling.create_auto_scaling_group(
            AutoScalingGroupName=name,
            MinSize=0,
            MaxSize=1,
            DesiredCapacity=0,
            LaunchTemplate={"LaunchTemplateName": "template"},
            VPCZoneIdentifier=subnet,
        )
    ec2.run_instances(ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1, SubnetId=subnet)


def _jobs(batch: Any, ec2: Any, account: str) -> None:
    batch.create_compute_environment(
        computeEnvironmentName="x",
        type="MANAGED",
        computeResources={
            "type": "FARGATE",
            "maxvCpus": 1,
            "subnets": [ec2.describe_subnets()["Subnets"][0]["SubnetId"]],
            "securityGroupIds": [ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]],
        },
    )
    _until(lambda: batch.describe_compute_environments()["computeEnvironments"][0]["status"] == "VALID")
    order = [{"order": 1, "computeEnvironment": "x"}]
    batch.create_job_queue(jobQueueName="x", priority=1, computeEnvironmentOrder=order)
    _until(lambda: batch.describe_job_queues()["jobQueues"][0]["status"] == "VALID")
    sizes = [{"type": "VCPU", "value": "0.25"}, {"type": "MEMORY", "value": "512"}]
    container = {
        "image": "busybox",
        "command": ["true"],
        "executionRoleArn": f"arn:aws:iam::{account}:role/x",
        "resourceRequirements": sizes,
    }
    batch.register_job_definition(
        jobDefinitionName="x",
        type="container",
        platformCapabilities=["FARGATE"],
        containerProperties=container,
    )
    first = batch.submit_job(jobName="x", jobQueue="x", jobDefinition="x")["jobId"]
    batch.submit_job(jobName="y", jobQueue="x", jobDefinition="x:1", dependsOn=[{"jobId": first}])


def _tasks_and_logs(ecs: Any, logs: Any, eks: Any, account: str) -> None:
    ecs.create_cluster(clusterName="x")
    definition = {"name": "default", "image": "busybox", "command": ["true"], "memory": 64}
    ecs.register_task_definition(family="x", containerDefinitions=[definition])
    for group, stream in (("x", "x"), ("g", "s")):
        logs.create_log_group(logGroupName=group)
        logs.create_log_stream(logGroupName=group, logStreamName=stream)
    now = int(time.time() * 1000)
    logs.put_log_events(
        logGroupName="x", logStreamName="x", logEvents=[{"timestamp": now, "message": "a line"}]
    )
    eks.create_cluster(name="x", roleArn=f"arn:aws:iam::{account}:role/x", resourcesVpcConfig={})


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("the scene was not set within 60 s")
        time.sleep(0.05)
