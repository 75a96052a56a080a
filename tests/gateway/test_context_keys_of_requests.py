"""The request context, key by key, through real calls: what it tells of the request and what it touches."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

from conftest import client
from gateway.permissions import is_denied
from gateway.raw_requests import allow, policy

AsAllowed = Callable[..., Any]


CONTAINER = {
    "image": "public.ecr.aws/x:1",
    "command": ["true"],
    "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "64"}],
    "user": "nobody",
    "privileged": True,
    "logConfiguration": {
        "logDriver": "awslogs",
        "options": {
            "awslogs-group": "/jobs",
            "awslogs-region": "us-east-1",
            "awslogs-stream-prefix": "one",
            "awslogs-create-group": "true",
        },
    },
}


@pytest.mark.parametrize(
    ("operator", "key", "right", "wrong"),
    [
        ("StringLike", "batch:Image", "public.ecr.aws/*", "docker.io/*"),
        ("StringEquals", "batch:User", "nobody", "root"),
        ("Bool", "batch:Privileged", "true", "false"),
        ("StringEquals", "batch:LogDriver", "awslogs", "splunk"),
        ("StringEquals", "batch:AWSLogsGroup", "/jobs", "/other"),
        ("StringEquals", "batch:AWSLogsRegion", "us-east-1", "eu-west-1"),
        ("StringEquals", "batch:AWSLogsStreamPrefix", "one", "two"),
        ("Bool", "batch:AWSLogsCreateGroup", "true", "false"),
        ("StringEquals", "aws:RequestTag/team", "blue", "red"),
        ("ForAllValues:StringEquals", "aws:TagKeys", ["team", "cost"], ["cost"]),
    ],
)
def test_a_registration_tells_of_its_container(
    asked: AsAllowed, operator: str, key: str, right: Any, wrong: Any
) -> None:
    """Batch user guide, supported IAM actions: the keys of RegisterJobDefinition."""
    actions = ["batch:RegisterJobDefinition", "batch:TagResource"]

    def register(value: Any) -> bool:
        batch = asked("batch", actions, operator, key, value)
        given = {"type": "container", "containerProperties": CONTAINER, "tags": {"team": "blue"}}
        return is_denied(
            lambda: batch.register_job_definition(jobDefinitionName="d", **given),
            "batch:RegisterJobDefinition",
        )

    assert (register(right), register(wrong)) == (False, True)


def test_a_submission_tells_its_share(asked: AsAllowed) -> None:
    given = {"jobName": "j", "jobQueue": "q", "jobDefinition": "d", "shareIdentifier": "blue"}
    for share, denied in (("blue", False), ("red", True)):
        batch = asked("batch", "batch:SubmitJob", "StringEquals", "batch:ShareIdentifier", share)
        assert is_denied(partial(batch.submit_job, **given), "batch:SubmitJob") is denied


def test_the_tags_of_what_is_touched(aws: Any, asked: AsAllowed) -> None:
    """aws:ResourceTag, in any case of the key; absent where nothing has that name."""
    aws("ecs").create_cluster(clusterName="blue", tags=[{"key": "Team", "value": "blue"}])
    aws("logs").create_log_group(logGroupName="blue", tags={"Team": "blue"})
    aws("iam").create_role(
        RoleName="blue",
        AssumeRolePolicyDocument=policy(
            {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
        ),
        Tags=[{"Key": "Team", "Value": "blue"}],
    )
    for key in ("aws:ResourceTag/Team", "AWS:resourcetag/team"):
        for value, denied in (("blue", False), ("Blue", True)):
            condition = ("StringEquals", key, value)
            ecs = asked("ecs", "ecs:DeleteCluster", *condition)
            assert is_denied(partial(ecs.delete_cluster, cluster="none"), "ecs:DeleteCluster")
            logs = asked("logs", "logs:PutRetentionPolicy", *condition)
            put = {"logGroupName": "blue", "retentionInDays": 7}
            assert is_denied(partial(logs.put_retention_policy, **put), "logs:PutRetentionPolicy") is denied
            iam = asked("iam", "iam:UpdateRole", *condition)
            assert is_denied(partial(iam.update_role, RoleName="blue"), "iam:UpdateRole") is denied
    iam = asked("iam", "iam:UpdateRole", "StringEquals", "iam:ResourceTag/Team", "blue")
    assert iam.update_role(RoleName="blue", Description="x")


def test_what_is_attached_and_what_bounds(aws: Any, asked: AsAllowed, account: str) -> None:
    """iam:PolicyARN and iam:PermissionsBoundary (IAM user guide, reference_policies_iam-condition-keys)."""
    iam = aws("iam")
    iam.create_user(UserName="x")
    read = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    audit = "arn:aws:iam::aws:policy/SecurityAudit"
    for arn, denied in ((read, False), (audit, True)):
        attaching = asked("iam", "iam:AttachUserPolicy", "ArnEquals", "iam:PolicyARN", read)
        given = {"UserName": "x", "PolicyArn": arn}
        assert (
            is_denied(
                partial(attaching.attach_user_policy, **given),
                "iam:AttachUserPolicy",
            )
            is denied
        )
        bounding = asked(
            "iam", "iam:PutUserPermissionsBoundary", "StringEquals", "iam:PermissionsBoundary", read
        )
        bound = {"UserName": "x", "PermissionsBoundary": arn}
        assert (
            is_denied(
                partial(bounding.put_user_permissions_boundary, **bound),
                "iam:PutUserPermissionsBoundary",
            )
            is denied
        )
    writing = asked("iam", "iam:PutUserPolicy", "StringEquals", "iam:PermissionsBoundary", read)
    written = {"UserName": "x", "PolicyName": "p", "PolicyDocument": policy(allow("s3:*"))}
    assert not is_denied(lambda: writing.put_user_policy(**written), "iam:PutUserPolicy")
    iam.delete_user_permissions_boundary(UserName="x")
    assert is_denied(lambda: writing.put_user_policy(**written), "iam:PutUserPolicy")


def test_a_network_tells_where_it_is(aws: Any, asked: AsAllowed, account: str) -> None:
    """Service authorization reference, EC2: the keys of security groups, subnets and VPCs that exist."""
    ec2 = aws("ec2")
    group = ec2.describe_security_groups()["SecurityGroups"][0]
    subnet = ec2.describe_subnets()["Subnets"][0]
    here = f"arn:aws:ec2:us-east-1:{account}:vpc/{group['VpcId']}"
    revoking = ("ec2:RevokeSecurityGroupEgress", {"GroupId": group["GroupId"], "IpPermissions": []})
    making = ("ec2:CreateSubnet", {"VpcId": group["VpcId"], "CidrBlock": "10.0.0.0/24"})
    deleting = ("ec2:DeleteSubnet", {"SubnetId": subnet["SubnetId"]})
    cases = [
        (revoking, "ArnEquals", "ec2:Vpc", here),
        (revoking, "StringEquals", "ec2:SecurityGroupID", group["GroupId"]),
        (deleting, "ArnEquals", "ec2:Vpc", here),
        (deleting, "StringEquals", "ec2:SubnetID", subnet["SubnetId"]),
        (deleting, "StringEquals", "ec2:AvailabilityZone", subnet["AvailabilityZone"]),
        (making, "StringEqualsIfExists", "ec2:VpcID", group["VpcId"]),
        (making, "StringEqualsIfExists", "ec2:Tenancy", "default"),
    ]
    for (action, given), operator, key, right in cases:
        for value, denied in ((right, False), (f"{right}x", True)):
            made = asked("ec2", action, operator, key, value)
            call = getattr(made, xform_name(action.partition(":")[2]))
            assert is_denied(partial(call, **given, DryRun=True), action) is denied, key


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        ("subnet", "ec2:SubnetID"),
        ("security-group", "ec2:SecurityGroupID"),
        ("image", "ec2:ImageID"),
        ("network-interface", "ec2:Subnet"),
    ],
)
def test_a_launch_tells_what_it_uses(
    aws: Any, user: Any, endpoint: str, account: str, kind: str, key: str
) -> None:
    ec2 = aws("ec2")
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    group = ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]
    values = {"subnet": subnet, "security-group": group, "image": image}
    right = values.get(kind, f"arn:aws:ec2:us-east-1:{account}:subnet/{subnet}")
    for value, expected in ((right, "DryRunOperation"), (f"{right}x", "UnauthorizedOperation")):
        wanted = {"StringEquals": {key: value}}
        elsewhere = {
            "Effect": "Allow",
            "Action": "ec2:RunInstances",
            "NotResource": f"arn:aws:ec2:*:*:{kind}/*",
        }
        made = user(
            policy(allow("ec2:RunInstances", f"arn:aws:ec2:*:*:{kind}/*", Condition=wanted), elsewhere)
        )
        launching = client(endpoint, "ec2", access_key=made["key"], secret=made["secret"])
        with pytest.raises(ClientError) as caught:
            launching.run_instances(
                ImageId=image,
                InstanceType="m5.large",
                MinCount=1,
                MaxCount=1,
                SubnetId=subnet,
                SecurityGroupIds=[group],
                DryRun=True,
            )
        assert caught.value.response["Error"]["Code"] == expected


@pytest.mark.parametrize(
    ("key", "right", "wrong"), [("ecs:task-cpu", "256", "512"), ("ecs:task-memory", "512", "1024")]
)
def test_a_tasks_size_is_told_in_units(asked: AsAllowed, key: str, right: str, wrong: str) -> None:
    """Service authorization reference, ECS: 1024 units are a vCPU, however the request writes it; memory in MiB."""
    definition = {"family": "f", "cpu": ".25 vCPU", "memory": "0.5GB", "containerDefinitions": []}
    overrides = {"taskDefinition": "f", "overrides": {"cpu": "256", "memory": "0.5 GB"}}
    for value, denied in ((right, False), (wrong, True)):
        ecs = asked("ecs", "ecs:*", "NumericEquals", key, value)
        assert (
            is_denied(partial(ecs.register_task_definition, **definition), "ecs:RegisterTaskDefinition")
            is denied
        )
        assert is_denied(partial(ecs.run_task, **overrides), "ecs:RunTask") is denied
