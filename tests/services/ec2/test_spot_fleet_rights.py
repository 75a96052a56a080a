"""Who requests a Spot Fleet may launch what it launches, though its service-linked role may launch anything."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from services.ec2.conftest import described, make_profile, make_role, refused, tag_specification

ClientOf = Callable[..., Any]
Make = Callable[..., Any]
DENIED = ("UnauthorizedOperation", "You are not authorized to perform this operation.")


def allow(*actions: str, resource: str = "*", **conditions: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource, "Condition": conditions}


FLEETS = allow("ec2:RequestSpotFleet", "ec2:ModifySpotFleetRequest", "iam:CreateServiceLinkedRole")
TEMPLATES = allow("ec2:CreateLaunchTemplate", "ec2:CreateLaunchTemplateVersion", "ec2:DeleteLaunchTemplate")
LAUNCH = allow("ec2:RunInstances")
TAG = allow("ec2:CreateTags", StringEquals={"ec2:CreateAction": "RunInstances"})
PASS_FLEET = allow("iam:PassRole", resource="arn:aws:iam::*:role/fleet")
PASS_NODES = allow("iam:PassRole", resource="arn:aws:iam::*:role/nodes")
ALL = (FLEETS, TEMPLATES, LAUNCH, TAG, PASS_FLEET, PASS_NODES)


@pytest.fixture
def roles(aws: ClientOf) -> str:
    """The fleet's role, whose ARN this is, and two instance profiles, `nodes` and `admin`, each with such a role."""
    iam = aws("iam")
    for name in ("nodes", "admin"):
        make_role(iam, name, "ec2.amazonaws.com")
        make_profile(iam, name, name)
    return make_role(iam, "fleet", "spotfleet.amazonaws.com")


@pytest.fixture
def data(image: str) -> Make:
    """`data("admin")`: what a launch template has, with that instance profile and a tag."""

    def make(profile: str) -> dict[str, Any]:
        return {
            "ImageId": image,
            "InstanceType": "m5.large",
            "IamInstanceProfile": {"Name": profile},
            "TagSpecifications": [tag_specification("instance", team="blue")],
        }

    return make


@pytest.fixture
def request_fleet(roles: str) -> Make:
    """`request_fleet(ec2, LaunchTemplateConfigs=[…])`: RequestSpotFleet for no instance yet; its request's id."""

    def make(ec2: Any, **config: Any) -> str:
        whole = {"IamFleetRole": roles, "TargetCapacity": 0, **config}
        return str(ec2.request_spot_fleet(SpotFleetRequestConfig=whole)["SpotFleetRequestId"])

    return make


@pytest.fixture
def caller(user_client: ClientOf) -> Make:
    """`caller(FLEETS, …)`: EC2 as a user with these statements."""
    return lambda *statements: user_client("ec2", {"Version": "2012-10-17", "Statement": list(statements)})


def from_template(version: str = "1", **override: Any) -> dict[str, Any]:
    named = {"LaunchTemplateName": "lt01", "Version": version}
    return {"LaunchTemplateConfigs": [{"LaunchTemplateSpecification": named, "Overrides": [override or {}]}]}


def dry_runs(aws: ClientOf) -> list[dict[str, Any]]:
    """The records of the dry runs, the newest first."""
    attributes = [{"AttributeKey": "EventName", "AttributeValue": "RunInstances"}]
    found = aws("cloudtrail").lookup_events(LookupAttributes=attributes)["Events"]
    records = [json.loads(one["CloudTrailEvent"]) for one in found]
    return [one for one in records if one["requestParameters"].get("dryRun")]


def test_no_role_is_handed_on_by_a_template(
    aws: ClientOf, ec2: Any, caller: Make, request_fleet: Make, data: Make
) -> None:
    """The reproduction: nobody lets this user pass `admin`, nor launch."""
    attacker = caller(FLEETS, TEMPLATES, PASS_FLEET)
    attacker.create_launch_template(LaunchTemplateName="lt01", LaunchTemplateData=data("admin"))
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    config = {**from_template(SubnetId=subnet, InstanceType="m5.large"), "TargetCapacity": 1}
    assert refused(request_fleet, ec2=attacker, **config) == DENIED
    [record] = dry_runs(aws)
    assert record["errorCode"] == "Client.UnauthorizedOperation"
    assert "perform: ec2:RunInstances on resource" in record["errorMessage"]
    assert record["requestParameters"]["subnetId"] == subnet
    assert refused(request_fleet, ec2=caller(*ALL), **config) == DENIED
    assert ":role/admin because no identity-based policy" in dry_runs(aws)[0]["errorMessage"]
    assert ec2.describe_spot_fleet_requests()["SpotFleetRequestConfigs"] == []
    assert not [one for one in aws("iam").list_roles()["Roles"] if "Spot" in one["RoleName"]]


@pytest.mark.parametrize(
    ("lacking", "told"),
    [
        (LAUNCH, "ec2:RunInstances"),
        (TAG, "ec2:CreateTags"),
        (PASS_NODES, "iam:PassRole"),
    ],
)
@pytest.mark.parametrize("kind", ["template", "specification"])
def test_each_right_of_a_launch_is_asked_for(
    aws: ClientOf,
    ec2: Any,
    caller: Make,
    request_fleet: Make,
    data: Make,
    kind: str,
    lacking: Any,
    told: str,
) -> None:
    ec2.create_launch_template(LaunchTemplateName="lt01", LaunchTemplateData=data("nodes"))
    config = from_template() if kind == "template" else {"LaunchSpecifications": [data("nodes")]}
    rest = [one for one in ALL if one is not lacking]
    assert refused(request_fleet, ec2=caller(*rest), **config) == DENIED
    assert f"is not authorized to perform: {told} on resource" in dry_runs(aws)[0]["errorMessage"]
    fleet = request_fleet(caller(*ALL), **config)
    assert dry_runs(aws)[0]["errorCode"] == "Client.DryRunOperation"
    change = {"SpotFleetRequestId": fleet, "TargetCapacity": 1}
    assert refused(caller(*rest).modify_spot_fleet_request, **change) == DENIED
    lower = {"SpotFleetRequestId": fleet, "ExcessCapacityTerminationPolicy": "noTermination"}
    caller(*rest).modify_spot_fleet_request(**lower)


@pytest.mark.parametrize("version", ["$Latest", "$Default", "2"])
def test_the_version_that_is_named_is_asked_about(
    ec2: Any, caller: Make, request_fleet: Make, data: Make, version: str
) -> None:
    ec2.create_launch_template(LaunchTemplateName="lt01", LaunchTemplateData=data("nodes"))
    request_fleet(caller(*ALL), **from_template(version if version.startswith("$") else "1"))
    ec2.create_launch_template_version(LaunchTemplateName="lt01", LaunchTemplateData=data("admin"))
    ec2.modify_launch_template(LaunchTemplateName="lt01", DefaultVersion="2")
    assert refused(request_fleet, ec2=caller(*ALL), **from_template(version)) == DENIED
    request_fleet(caller(*ALL), **from_template("1"))


def test_each_subnet_and_each_override_is_asked_about(
    ec2: Any, caller: Make, request_fleet: Make, data: Make
) -> None:
    ec2.create_launch_template(LaunchTemplateName="lt01", LaunchTemplateData=data("nodes"))
    one, two = (subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"][:2])
    deny = {"Effect": "Deny", "Action": "ec2:RunInstances"}
    there = {**deny, "Resource": f"arn:aws:ec2:*:*:subnet/{two}"}
    limited = caller(*ALL, there)
    assert refused(request_fleet, ec2=limited, **from_template(SubnetId=f"{one}, {two}")) == DENIED
    specification = {**data("nodes"), "SubnetId": f"{one},{two}"}
    assert refused(request_fleet, ec2=limited, LaunchSpecifications=[specification]) == DENIED
    request_fleet(limited, **from_template(SubnetId=one))
    costly = {"Condition": {"StringEquals": {"ec2:InstanceType": "p3.2xlarge"}}}
    cheap = caller(*ALL, {**deny, "Resource": "*", **costly})
    assert refused(request_fleet, ec2=cheap, **from_template(InstanceType="p3.2xlarge")) == DENIED
    request_fleet(cheap, **from_template(InstanceType="c5.large"))


@pytest.mark.parametrize("version", ["1", "$Latest", "$Default"])
def test_a_fleet_launches_what_was_asked_about(
    ec2: Any, caller: Make, request_fleet: Make, data: Make, wait_for: Any, version: str
) -> None:
    """Neither a version made later, nor another template under the name."""
    user = caller(*ALL)
    user.create_launch_template(LaunchTemplateName="lt01", LaunchTemplateData=data("nodes"))
    fleet = request_fleet(user, **from_template(version))
    user.create_launch_template_version(LaunchTemplateName="lt01", LaunchTemplateData=data("admin"))
    ec2.modify_launch_template(LaunchTemplateName="lt01", DefaultVersion="2")
    user.modify_spot_fleet_request(SpotFleetRequestId=fleet, TargetCapacity=1)
    [launched] = wait_for(lambda: described(ec2))
    assert launched["IamInstanceProfile"]["Arn"].endswith("instance-profile/nodes")
    shown = ec2.describe_spot_fleet_requests()["SpotFleetRequestConfigs"][0]["SpotFleetRequestConfig"]
    named = {"LaunchTemplateName": "lt01", "Version": version}
    assert shown["LaunchTemplateConfigs"][0]["LaunchTemplateSpecification"] == named
    user.delete_launch_template(LaunchTemplateName="lt01")
    user.create_launch_template(LaunchTemplateName="lt01", LaunchTemplateData=data("admin"))
    raised = {"SpotFleetRequestId": fleet, "TargetCapacity": 2}
    assert refused(user.modify_spot_fleet_request, **raised)[0] == "InvalidLaunchTemplateId.NotFound"


def test_what_is_not_there_cannot_be_asked_about(
    ec2: Any, caller: Make, request_fleet: Make, data: Make
) -> None:
    user = caller(*ALL)
    missing = "InvalidLaunchTemplateName.NotFoundException"
    assert refused(request_fleet, ec2=user, **from_template())[0] == missing
    specification = data("nobody")
    told = (
        "Value (nobody) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name"
    )
    answer = refused(request_fleet, ec2=user, LaunchSpecifications=[specification])
    assert answer == ("InvalidParameterValue", told)
    assert refused(request_fleet, ec2=caller(FLEETS, PASS_FLEET), **from_template()) == DENIED


def test_a_dry_run_of_the_request_asks_the_same(ec2: Any, caller: Make, roles: str, data: Make) -> None:
    config = {"IamFleetRole": roles, "TargetCapacity": 1, "LaunchSpecifications": [data("admin")]}
    ask = {"DryRun": True, "SpotFleetRequestConfig": config}
    assert refused(caller(*ALL).request_spot_fleet, **ask) == DENIED
    allowed = caller(*ALL, allow("iam:PassRole"))
    assert refused(allowed.request_spot_fleet, **ask)[0] == "DryRunOperation"
    assert ec2.describe_spot_fleet_requests()["SpotFleetRequestConfigs"] == []


def test_more_ways_to_launch_than_one_request_may_have_are_refused(
    caller: Make, request_fleet: Make, data: Make
) -> None:
    subnets = ",".join(f"subnet-{number:017x}" for number in range(301))
    specification = {**data("nodes"), "SubnetId": subnets}
    answer = refused(request_fleet, ec2=caller(*ALL), LaunchSpecifications=[specification])
    assert answer[0] == "InvalidSpotFleetRequestConfig"
