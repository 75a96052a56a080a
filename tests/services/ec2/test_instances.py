"""Instances: launched, seen running, terminated and forgotten; who may, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

ClientOf = Callable[..., Any]


def image(ec2: Any, architecture: str = "x86_64") -> str:
    """An ECS-optimised image of the Region."""
    found = ec2.describe_images(
        Owners=["amazon"],
        Filters=[
            {"Name": "name", "Values": ["al2023-ami-ecs-hvm-*"]},
            {"Name": "architecture", "Values": [architecture]},
        ],
    )["Images"]
    return str(found[0]["ImageId"])


def launch(ec2: Any, count: int = 1, **arguments: Any) -> list[dict[str, Any]]:
    """Launch c5.large instances; each as RunInstances answers it."""
    request = {
        "ImageId": image(ec2),
        "InstanceType": "c5.large",
        "MinCount": count,
        "MaxCount": count,
        **arguments,
    }
    return list(ec2.run_instances(**request)["Instances"])


def described(ec2: Any, **arguments: Any) -> list[dict[str, Any]]:
    return [
        one for group in ec2.describe_instances(**arguments)["Reservations"] for one in group["Instances"]
    ]


def states(ec2: Any, ids: list[str]) -> set[str]:
    return {one["State"]["Name"] for one in described(ec2, InstanceIds=ids)}


def refusal(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, str]:
    """(code, message) of a refused call."""
    shown = error.value.response["Error"]
    return shown["Code"], shown["Message"]


def test_an_instance_passes_through_its_states(aws: ClientOf, wait_for: Any, account: str) -> None:
    ec2 = aws("ec2")
    [made] = launch(
        ec2, TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "a", "Value": "b"}]}]
    )
    identity = made["InstanceId"]
    assert made["State"] == {"Code": 0, "Name": "pending"}
    assert made["PrivateIpAddress"].startswith("172.31.")
    wait_for(lambda: states(ec2, [identity]) == {"running"})
    status = ec2.describe_instance_status(InstanceIds=[identity])["InstanceStatuses"]
    assert status[0]["InstanceStatus"]["Status"] == "ok"
    ended = ec2.terminate_instances(InstanceIds=[identity])["TerminatingInstances"]
    assert (ended[0]["PreviousState"]["Name"], ended[0]["CurrentState"]["Name"]) == (
        "running",
        "shutting-down",
    )
    wait_for(lambda: states(ec2, [identity]) == {"terminated"})
    [gone] = described(ec2, InstanceIds=[identity])
    assert gone["StateReason"]["Code"] == "Client.UserInitiatedShutdown"
    assert "PrivateIpAddress" not in gone
    assert gone["Tags"] == [{"Key": "a", "Value": "b"}]
    assert ec2.describe_instance_status(InstanceIds=[identity])["InstanceStatuses"] == []
