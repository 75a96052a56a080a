"""Tags in policies: those of a request, the permission to tag what is made, and those of the resource."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

from conftest import client

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "eks.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)
POLICY = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
RESOURCES = {"type": "FARGATE", "maxvCpus": 1, "subnets": ["subnet-1"], "securityGroupIds": ["sg-1"]}
ENVIRONMENT = {"computeEnvironmentName": "e", "type": "MANAGED", "computeResources": RESOURCES}
QUEUE = {
    "jobQueueName": "q",
    "priority": 1,
    "computeEnvironmentOrder": [{"order": 1, "computeEnvironment": "e"}],
}
DEFINITION = {
    "jobDefinitionName": "d",
    "type": "container",
    "containerProperties": {"image": "x", "vcpus": 1, "memory": 128, "command": ["true"]},
}
FAMILY = {"family": "f", "containerDefinitions": [{"name": "c", "image": "x", "memory": 128}]}
GROUP = {"AutoScalingGroupName": "g", "MinSize": 0, "MaxSize": 1}
LAUNCH = {"ImageId": "ami-1", "InstanceType": "c5.large", "MinCount": 1, "MaxCount": 1, "DryRun": True}
CLUSTER = {"name": "k", "roleArn": "arn:aws:iam::{account}:role/k", "resourcesVpcConfig": {}}
FLEET = {"SpotFleetRequestConfig": {"IamFleetRole": "arn:aws:iam::{account}:role/k", "TargetCapacity": 1}}

With = Callable[[str], dict[str, Any]]
"""From the value of the tag `team` to the members that give it."""


def as_map(value: str) -> dict[str, Any]:
    return {"tags": {"team": value}}


def as_list(value: str) -> dict[str, Any]:
    return {"tags": [{"key": "team", "value": value}]}


def as_pairs(value: str) -> dict[str, Any]:
    return {"Tags": [{"Key": "team", "Value": value}]}


def of(kind: str) -> With:
    """EC2's TagSpecifications for one resource type."""
    return lambda value: {"TagSpecifications": [{"ResourceType": kind, **as_pairs(value)}]}


def of_fleet(value: str) -> dict[str, Any]:
    return {"SpotFleetRequestConfig": {**FLEET["SpotFleetRequestConfig"], **of("spot-fleet-request")(value)}}


CREATES: list[tuple[str, str, dict[str, Any], With, str | None, str | None]] = [
    ("batch", "CreateComputeEnvironment", ENVIRONMENT, as_map, "batch:TagResource", None),
    ("batch", "CreateJobQueue", QUEUE, as_map, "batch:TagResource", None),
    ("batch", "RegisterJobDefinition", DEFINITION, as_map, "batch:TagResource", None),
    (
        "batch",
        "SubmitJob",
        {"jobName": "j", "jobQueue": "q", "jobDefinition": "d:1"},
        as_map,
        "batch:TagResource",
        None,
    ),
    ("ecs", "CreateCluster", {"clusterName": "c"}, as_list, "ecs:TagResource", "ecs:CreateAction"),
    ("ecs", "RegisterTaskDefinition", FAMILY, as_list, "ecs:TagResource", "ecs:CreateAction"),
    ("ecs", "RunTask", {"taskDefinition": "f"}, as_list, "ecs:TagResource", "ecs:CreateAction"),
    ("ec2", "CreateVpc", {"CidrBlock": "10.0.0.0/16"}, of("vpc"), "ec2:CreateTags", "ec2:CreateAction"),
    (
        "ec2",
        "CreateSubnet",
        {"VpcId": "vpc-0", "CidrBlock": "10.0.0.0/24"},
        of("subnet"),
        "ec2:CreateTags",
        "ec2:CreateAction",
    ),
    (
        "ec2",
        "CreateSecurityGroup",
        {"GroupName": "s", "Description": "s"},
        of("security-group"),
        "ec2:CreateTags",
        "ec2:CreateAction",
    ),
    ("ec2", "CreateKeyPair", {"KeyName": "k"}, of("key-pair"), "ec2:CreateTags", "ec2:CreateAction"),
    (
        "ec2",
        "CreateLaunchTemplate",
        {"LaunchTemplateName": "l", "LaunchTemplateData": {"InstanceType": "c5.large"}},
        of("launch-template"),
        "ec2:CreateTags",
        "ec2:CreateAction",
    ),
    ("ec2", "RequestSpotFleet", FLEET, of_fleet, "ec2:CreateTags", "ec2:CreateAction"),
    *(
        ("ec2", "RunInstances", LAUNCH, of(kind), "ec2:CreateTags", "ec2:CreateAction")
        for kind in ("instance", "volume", "network-interface")
    ),
    ("autoscaling", "CreateAutoScalingGroup", GROUP, as_pairs, "autoscaling:CreateOrUpdateTags", None),
    ("eks", "CreateCluster", CLUSTER, as_map, "eks:TagResource", None),
    ("logs", "CreateLogGroup", {"logGroupName": "l"}, as_map, "logs:TagResource", None),
    ("iam", "CreateUser", {"UserName": "u"}, as_pairs, "iam:TagUser", None),
    (
        "iam",
        "CreateRole",
        {"RoleName": "r", "AssumeRolePolicyDocument": TRUST},
        as_pairs,
        "iam:TagRole",
        None,
    ),
    ("iam", "CreatePolicy", {"PolicyName": "p", "PolicyDocument": POLICY}, as_pairs, "iam:TagPolicy", None),
    (
        "iam",
        "CreateInstanceProfile",
        {"InstanceProfileName": "i"},
        as_pairs,
        "iam:TagInstanceProfile",
        None,
    ),
    (
        "iam",
        "CreateOpenIDConnectProvider",
        {"Url": "https://example.com"},
        as_pairs,
        "iam:TagOpenIDConnectProvider",
        None,
    ),
    (
        "iam",
        "CreateVirtualMFADevice",
        {"VirtualMFADeviceName": "m"},
        as_pairs,
        "iam:TagMFADevice",
        None,
    ),
]
IDS = [f"{one[0]}-{one[1]}-{index}" for index, one in enumerate(CREATES)]


def allow(*actions: str, **conditions: Any) -> dict[str, Any]:
    """A statement that allows actions on everything, on conditions."""
    return {"Effect": "Allow", "Action": list(actions), "Resource": "*", "Condition": conditions}


def denied(call: Any, request: Any) -> str:
    """What a call is denied with; empty where it is not denied, whatever else becomes of it."""
    try:
        call(**request)
    except ClientError as error:
        message = str(error.response["Error"]["Message"])
        return message if "not authorized" in message else ""
    return ""


Given = Callable[..., Any]


@pytest.fixture
def given(aws: Any, user: Any, endpoint: str) -> Given:
    """`given(service, operation, statements…)`: the operation, as a user with just these statements."""
    made = user(None)

    def make(service: str, operation: str, *statements: Any) -> Any:
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        aws("iam").put_user_policy(UserName=made["name"], PolicyName="p", PolicyDocument=document)
        used = client(endpoint, service, access_key=made["key"], secret=made["secret"])
        return getattr(used, xform_name(operation))

    return make


@pytest.mark.parametrize(("service", "operation", "bare", "with_tag", "tagging", "key"), CREATES, ids=IDS)
def test_tags_of_a_creation(
    service: str,
    operation: str,
    bare: Any,
    with_tag: With,
    tagging: str | None,
    key: str | None,
    given: Given,
    account: str,
) -> None:
    """aws:RequestTag and aws:TagKeys decide; what tags needs the tag action, and its CreateAction where it has one."""
    action = f"{service}:{operation}"

    def request(value: str) -> Any:
        return json.loads(json.dumps({**bare, **with_tag(value)}).replace("{account}", account))

    rest = {"Effect": "Allow", "NotAction": [action, *([tagging] if tagging else [])], "Resource": "*"}
    red = {"StringEqualsIfExists": {"aws:RequestTag/team": "red"}}
    team = {"ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}}
    tag = [allow(tagging)] if tagging else []
    call = given(service, operation, rest, allow(action, **red, **team), *tag)
    assert f"perform: {action} on resource" in denied(call, request("blue"))
    assert denied(call, request("red")) == ""
    if tagging is None:
        return
    without = denied(given(service, operation, rest, allow(action)), request("green"))
    assert tagging in without
    if key is not None:
        only = allow(tagging, StringEquals={key: "Another"})
        assert tagging in denied(given(service, operation, rest, allow(action), only), request("green"))
        only = allow(tagging, StringEquals={key: operation, "aws:RequestTag/team": "green"})
        assert denied(given(service, operation, rest, allow(action), only), request("green")) == ""
