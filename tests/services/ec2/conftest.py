"""What the tests of EC2 share: clients, images, launches, and the words of a refusal."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

Launch = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def ec2(aws: Callable[..., Any]) -> Any:
    """EC2 as root of this test's account."""
    return aws("ec2")


@pytest.fixture
def image(ec2: Any) -> str:
    """An ECS-optimised image of us-east-1, for x86_64."""
    return image_of(ec2, "x86_64")


def image_of(ec2: Any, architecture: str) -> str:
    """The ECS-optimised image of a Region for an architecture."""
    found = ec2.describe_images(
        Owners=["amazon"],
        Filters=[
            {"Name": "name", "Values": ["al2023-ami-ecs-hvm-*"]},
            {"Name": "architecture", "Values": [architecture]},
        ],
    )["Images"]
    return str(found[0]["ImageId"])


@pytest.fixture
def launch(ec2: Any, image: str) -> Launch:
    """`launch(2, SubnetId=…)`: c5.large instances, as RunInstances answers them."""

    def make(count: int = 1, **arguments: Any) -> list[dict[str, Any]]:
        request = {
            "ImageId": image,
            "InstanceType": "c5.large",
            "MinCount": 1,
            "MaxCount": count,
            **arguments,
        }
        return list(ec2.run_instances(**request)["Instances"])

    return make


def described(ec2: Any, **arguments: Any) -> list[dict[str, Any]]:
    """Instances as DescribeInstances gives them, out of their reservations."""
    return [
        one for group in ec2.describe_instances(**arguments)["Reservations"] for one in group["Instances"]
    ]


def ids(instances: list[dict[str, Any]]) -> list[str]:
    """Instances' ids, sorted."""
    return sorted(one["InstanceId"] for one in instances)


def states(ec2: Any, identities: list[str]) -> set[str]:
    """The states of these instances."""
    return {one["State"]["Name"] for one in described(ec2, InstanceIds=identities)}


def refused(call: Callable[..., Any], **arguments: Any) -> tuple[str, str]:
    """(code, message) of a call that has to be refused."""
    with pytest.raises(ClientError) as error:
        call(**arguments)
    shown = error.value.response["Error"]
    return shown["Code"], shown["Message"]


def tag_specification(kind: str, **tags: str) -> dict[str, Any]:
    """`tag_specification("instance", a="b")`."""
    return {"ResourceType": kind, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}


def policy(*statements: dict[str, Any]) -> str:
    """A policy document of these statements, Allow where they don't say."""
    return json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **one} for one in statements]}
    )


def make_role(iam: Any, name: str, principal: str) -> str:
    """A role that a service may assume; its ARN."""
    trust = policy({"Action": "sts:AssumeRole", "Principal": {"Service": principal}})
    return str(iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"])


def make_profile(iam: Any, name: str, role: str) -> None:
    """An instance profile with a role in it."""
    iam.create_instance_profile(InstanceProfileName=name)
    iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=role)
