"""Every call that hands a role to a service: denied without iam:PassRole, for another service, for another receiver."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

from conftest import client

ROLE = "arn:aws:iam::{account}:role/passed"
TASKS = "ecs-tasks.amazonaws.com"
EC2 = "ec2.amazonaws.com"
BATCH = "batch.amazonaws.com"
RESOURCES = {"type": "EC2", "maxvCpus": 1, "subnets": ["subnet-1"], "instanceTypes": ["c5.large"]}
CONTAINER = {"image": "x", "vcpus": 1, "memory": 128, "command": ["true"]}
DEFINITION = {"family": "f", "containerDefinitions": [{"name": "c", "image": "x", "memory": 128}]}
OF_GROUP = "arn:aws:autoscaling:us-east-1:{account}:autoScalingGroup:*:autoScalingGroupName/g"
LINKED = {"AutoScalingGroupName": "g", "ServiceLinkedRoleARN": ROLE}
FLEET = {"IamFleetRole": ROLE, "TargetCapacity": 1}


def environment(**resources: Any) -> dict[str, Any]:
    """A request to create the compute environment `e`."""
    shape = {**RESOURCES, **resources}
    return {"computeEnvironmentName": "e", "type": "MANAGED", "computeResources": shape}


def of(service: str, resource: str) -> str:
    """An ARN pattern in the test's account."""
    return f"arn:aws:{service}:us-east-1:{{account}}:{resource}"


ROWS: list[tuple[str, str, dict[str, Any], str, str]] = [
    ("batch", "CreateComputeEnvironment", {**environment(), "serviceRole": ROLE}, BATCH, "batch e"),
    ("batch", "CreateComputeEnvironment", environment(instanceRole="passed"), EC2, "batch e"),
    (
        "batch",
        "CreateComputeEnvironment",
        environment(spotIamFleetRole=ROLE),
        "spotfleet.amazonaws.com",
        "batch e",
    ),
    ("batch", "UpdateComputeEnvironment", {"computeEnvironment": "e", "serviceRole": ROLE}, BATCH, "batch e"),
    (
        "batch",
        "UpdateComputeEnvironment",
        {"computeEnvironment": "e", "computeResources": {"instanceRole": "passed"}},
        EC2,
        "batch e",
    ),
    *(
        (
            "batch",
            "RegisterJobDefinition",
            {"jobDefinitionName": "d", "type": "container", "containerProperties": {**CONTAINER, one: ROLE}},
            TASKS,
            of("batch", "job-definition/d"),
        )
        for one in ("jobRoleArn", "executionRoleArn")
    ),
    (
        "ec2",
        "RunInstances",
        {"IamInstanceProfile": {"Name": "passed"}, "MinCount": 1, "MaxCount": 1, "DryRun": True},
        EC2,
        of("ec2", "instance/*"),
    ),
    ("ec2", "RequestSpotFleet", {"SpotFleetRequestConfig": FLEET}, EC2, of("ec2", "spot-fleet-request/*")),
    *(
        ("ecs", "RegisterTaskDefinition", {**DEFINITION, one: ROLE}, TASKS, of("ecs", "task-definition/f:*"))
        for one in ("taskRoleArn", "executionRoleArn")
    ),
    *(
        (
            "ecs",
            operation,
            {"taskDefinition": "f", "overrides": {one: ROLE}, **more},
            TASKS,
            of("ecs", "task/default/*"),
        )
        for operation, more in (("RunTask", {}), ("StartTask", {"containerInstances": ["i"]}))
        for one in ("taskRoleArn", "executionRoleArn")
    ),
    (
        "iam",
        "AddRoleToInstanceProfile",
        {"InstanceProfileName": "empty", "RoleName": "passed"},
        EC2,
        "arn:aws:iam::{account}:instance-profile/empty",
    ),
    (
        "autoscaling",
        "CreateAutoScalingGroup",
        {**LINKED, "MinSize": 0, "MaxSize": 1},
        "autoscaling.amazonaws.com",
        OF_GROUP,
    ),
    ("autoscaling", "UpdateAutoScalingGroup", LINKED, "autoscaling.amazonaws.com", OF_GROUP),
    (
        "eks",
        "CreateCluster",
        {"name": "k", "roleArn": ROLE, "resourcesVpcConfig": {"subnetIds": ["subnet-1"]}},
        "eks.amazonaws.com",
        of("eks", "cluster/k"),
    ),
]
ROWS = [(*row[:4], of("batch", "compute-environment/e") if row[4] == "batch e" else row[4]) for row in ROWS]
IDS = [f"{service}-{operation}-{index}" for index, (service, operation, *_) in enumerate(ROWS)]


@pytest.fixture
def passed(aws: Any) -> None:
    """The role `passed`, the instance profile of the same name that holds it, and an empty profile."""
    iam = aws("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": EC2}, "Action": "sts:AssumeRole"}
    iam.create_role(RoleName="passed", AssumeRolePolicyDocument=document(trust))
    for name in ("passed", "empty"):
        iam.create_instance_profile(InstanceProfileName=name)
    iam.add_role_to_instance_profile(InstanceProfileName="passed", RoleName="passed")


def document(*statements: Any) -> str:
    """A policy as text."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def passing(role: str, **conditions: Any) -> dict[str, Any]:
    """A statement that allows to pass a role, on conditions."""
    return {"Effect": "Allow", "Action": "iam:PassRole", "Resource": role, "Condition": conditions}


def denial(call: Any, request: Any) -> str:
    """What a call is denied with; empty where it is not denied, whatever else becomes of it."""
    try:
        call(**request)
    except ClientError as error:
        message = str(error.response["Error"]["Message"])
        return message if "not authorized to perform" in message else ""
    return ""


@pytest.mark.parametrize(("service", "operation", "request_", "to", "receiver"), ROWS, ids=IDS)
def test_the_role_the_service_and_the_receiver_are_asked(
    service: str,
    operation: str,
    request_: Any,
    to: str,
    receiver: str,
    aws: Any,
    account: str,
    user: Any,
    endpoint: str,
    passed: None,
) -> None:
    role, receiver = ROLE.format(account=account), receiver.format(account=account)
    request = json.loads(json.dumps(request_).replace("{account}", account))
    made = user(None)
    call = getattr(
        client(endpoint, service, access_key=made["key"], secret=made["secret"]), xform_name(operation)
    )
    rest = {"Effect": "Allow", "NotAction": "iam:PassRole", "Resource": "*"}

    def denied_with(*statements: Any) -> str:
        aws("iam").put_user_policy(
            UserName=made["name"], PolicyName="p", PolicyDocument=document(rest, *statements)
        )
        return denial(call, request)

    wanted = (
        f"is not authorized to perform: iam:PassRole on resource: {role} because no identity-based policy"
    )
    to_it, to_other = ({"iam:PassedToService": one} for one in (to, "lambda.amazonaws.com"))
    near, far = ({"iam:AssociatedResourceArn": one} for one in (receiver, "arn:aws:ec2:*:*:volume/*"))
    assert wanted in denied_with()
    assert wanted in denied_with(passing(f"{role}-other"))
    assert wanted in denied_with(passing(role, StringEquals=to_other))
    assert wanted in denied_with(passing(role, StringEquals=to_it, ArnLike=far))
    assert "iam:PassRole" not in denied_with(passing(role, StringEquals=to_it, ArnLike=near))


NAMED = [row for row in ROWS if ROLE in json.dumps(row[2])]


@pytest.mark.parametrize(
    ("service", "operation", "request_"),
    [row[:3] for row in NAMED],
    ids=[f"{row[0]}-{row[1]}-{index}" for index, row in enumerate(NAMED)],
)
def test_nobody_passes_another_accounts_role(
    service: str, operation: str, request_: Any, aws: Any, other_account: str
) -> None:
    """Not even root (IAM user guide: a role cannot be passed across accounts)."""
    request = json.loads(json.dumps(request_).replace("{account}", other_account))
    message = denial(getattr(aws(service), xform_name(operation)), request)
    assert f"iam:PassRole on resource: {ROLE.format(account=other_account)}" in message
