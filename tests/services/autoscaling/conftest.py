"""What the tests of Auto Scaling share: a launch template, the default subnets, and groups made from them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def _forget(app: Any, account: str) -> Iterator[None]:
    """Leave nothing for the controllers to work on when a test is over."""
    yield
    app.reset(account)


@pytest.fixture
def autoscaling(aws: Callable[..., Any]) -> Any:
    """Auto Scaling as root of this test's account."""
    return aws("autoscaling")


@pytest.fixture
def ec2(aws: Callable[..., Any]) -> Any:
    """EC2 as root of this test's account."""
    return aws("ec2")


@pytest.fixture
def subnets(ec2: Any) -> list[str]:
    """The account's default subnets, one in each Availability Zone."""
    found = ec2.describe_subnets()["Subnets"]
    return [one["SubnetId"] for one in sorted(found, key=lambda one: str(one["AvailabilityZone"]))]


@pytest.fixture
def template(ec2: Any) -> str:
    """The name of a launch template with an image and an instance type."""
    images = ec2.describe_images(
        Owners=["amazon"],
        Filters=[
            {"Name": "name", "Values": ["al2023-ami-ecs-hvm-*"]},
            {"Name": "architecture", "Values": ["x86_64"]},
        ],
    )["Images"]
    data = {"ImageId": images[0]["ImageId"], "InstanceType": "m5.large"}
    ec2.create_launch_template(LaunchTemplateName="template", LaunchTemplateData=data)
    return "template"


@pytest.fixture
def group(autoscaling: Any, template: str, subnets: list[str]) -> Callable[..., str]:
    """`group("g", DesiredCapacity=2)`: a new group's name; arguments are CreateAutoScalingGroup's."""

    def make(name: str = "g", **arguments: Any) -> str:
        request = {
            "MinSize": 0,
            "MaxSize": 4,
            "LaunchTemplate": {"LaunchTemplateName": template, "Version": "1"},
            "VPCZoneIdentifier": ",".join(subnets),
            **arguments,
        }
        autoscaling.create_auto_scaling_group(AutoScalingGroupName=name, **request)
        return name

    return make


@pytest.fixture
def describe(autoscaling: Any) -> Callable[..., Any]:
    """`describe("g")`: the group as described, or None."""

    def one(name: str = "g") -> Any:
        found = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
        return found[0] if found else None

    return one


@pytest.fixture
def in_service(describe: Callable[..., Any], wait_for: Callable[..., Any]) -> Callable[..., list[str]]:
    """`in_service(2)`: waits until the group holds exactly so many instances, all in service; their ids."""

    def wait(count: int, name: str = "g") -> list[str]:
        def settled() -> Any:
            held = describe(name)["Instances"]
            states = [one["LifecycleState"] for one in held]
            return held if states == ["InService"] * count else None

        if count:
            return [one["InstanceId"] for one in wait_for(settled)]
        wait_for(lambda: describe(name)["Instances"] == [])
        return []

    return wait


@pytest.fixture
def state(ec2: Any) -> Callable[[str], str]:
    """`state(instance_id)`: EC2's state of an instance."""

    def of(instance_id: str) -> str:
        answer = ec2.describe_instances(InstanceIds=[instance_id])
        found: str = answer["Reservations"][0]["Instances"][0]["State"]["Name"]
        return found

    return of
