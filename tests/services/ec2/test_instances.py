"""Instances: launched, seen running, terminated and forgotten; and what EC2 refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from services.ec2.conftest import (
    Launch,
    described,
    ids,
    image_of,
    make_profile,
    make_role,
    refused,
    states,
    tag_specification,
)

ClientOf = Callable[..., Any]


def test_an_instance_passes_through_its_states(ec2: Any, launch: Launch, wait_for: Any) -> None:
    [made] = launch(TagSpecifications=[tag_specification("instance", a="b")])
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
    assert len(ec2.describe_instance_status(IncludeAllInstances=True)["InstanceStatuses"]) == 1
    again = ec2.terminate_instances(InstanceIds=[identity])["TerminatingInstances"]
    assert again[0]["CurrentState"]["Name"] == "terminated"


def test_a_launch_makes_as_many_as_asked_in_one_reservation(ec2: Any, launch: Launch) -> None:
    made = launch(5)
    [reservation] = ec2.describe_instances(InstanceIds=ids(made))["Reservations"]
    assert ids(reservation["Instances"]) == ids(made)
    assert [one["AmiLaunchIndex"] for one in reservation["Instances"]] == [0, 1, 2, 3, 4]
    assert len({one["PrivateIpAddress"] for one in made}) == 5


def test_a_client_token_launches_once(ec2: Any, launch: Launch) -> None:
    first = launch(2, ClientToken="once")
    assert ids(launch(2, ClientToken="once")) == ids(first)
    assert ids(described(ec2)) == ids(first)
    assert refused(launch, count=3, ClientToken="once")[0] == "IdempotentParameterMismatch"


def test_instances_are_found_by_tag_state_and_page(ec2: Any, launch: Launch, wait_for: Any) -> None:
    red = ids(launch(6, TagSpecifications=[tag_specification("instance", colour="red")]))
    blue = ids(launch(2, TagSpecifications=[tag_specification("instance", colour="blue")]))
    wait_for(lambda: states(ec2, red + blue) == {"running"})
    by_tag = [{"Name": "tag:colour", "Values": ["red"]}]
    assert ids(described(ec2, Filters=by_tag)) == red
    assert ids(described(ec2, Filters=[{"Name": "tag:colour", "Values": ["b*"]}])) == blue
    assert ids(described(ec2, Filters=[{"Name": "tag-key", "Values": ["colour"]}])) == sorted(red + blue)
    ec2.terminate_instances(InstanceIds=red[:2])
    running = [*by_tag, {"Name": "instance-state-name", "Values": ["pending", "running"]}]
    assert ids(described(ec2, Filters=running)) == red[2:]
    pages = ec2.get_paginator("describe_instances").paginate(PaginationConfig={"PageSize": 5})
    seen = [[one for group in page["Reservations"] for one in group["Instances"]] for page in pages]
    assert [len(page) for page in seen] == [5, 3]
    assert ids([one for page in seen for one in page]) == sorted(red + blue)


def test_other_accounts_and_regions_see_nothing(aws: ClientOf, launch: Launch) -> None:
    made = ids(launch())
    other = aws("ec2", region="eu-west-1")
    assert described(other) == []
    assert refused(other.terminate_instances, InstanceIds=made)[0] == "InvalidInstanceID.NotFound"


def test_what_is_not_there_is_named(ec2: Any, launch: Launch) -> None:
    missing = "i-0123456789abcdef0"
    expected = ("InvalidInstanceID.NotFound", f"The instance ID '{missing}' does not exist")
    assert refused(ec2.describe_instances, InstanceIds=[missing]) == expected
    [made] = ids(launch())
    assert refused(ec2.terminate_instances, InstanceIds=[made, missing]) == expected
    assert states(ec2, [made]) <= {"pending", "running"}
    assert refused(ec2.terminate_instances, InstanceIds=["x"])[0] == "InvalidInstanceID.Malformed"
    several = refused(ec2.describe_instances, InstanceIds=[missing, "i-0123456789abcdef1"])
    assert several[1] == "The instance IDs 'i-0123456789abcdef0, i-0123456789abcdef1' do not exist"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"ImageId": "ami-0123456789abcdef0"}, "InvalidAMIID.NotFound"),
        ({"InstanceType": "c5.huge"}, "InvalidParameterValue"),
        ({"InstanceType": "m6g.large"}, "InvalidParameterValue"),
        ({"SubnetId": "subnet-0123456789abcdef0"}, "InvalidSubnetID.NotFound"),
        ({"SecurityGroupIds": ["sg-0123456789abcdef0"]}, "InvalidGroup.NotFound"),
        ({"SecurityGroups": ["nobody"]}, "InvalidGroup.NotFound"),
        ({"KeyName": "nobody"}, "InvalidKeyPair.NotFound"),
        ({"MinCount": 0}, "InvalidParameterValue"),
        ({"MinCount": 3}, "InvalidParameterCombination"),
        ({"Placement": {"GroupName": "x"}}, "InvalidPlacementGroup.Unknown"),
        ({"IamInstanceProfile": {"Name": "nobody"}}, "InvalidParameterValue"),
        ({"LaunchTemplate": {"LaunchTemplateName": "nobody"}}, "InvalidLaunchTemplateName.NotFoundException"),
        ({"TagSpecifications": [tag_specification("vpc", a="b")]}, "InvalidParameterValue"),
        ({"TagSpecifications": [tag_specification("instance", **{"aws:x": "y"})]}, "InvalidParameterValue"),
        ({"UserData": "x" * 30000}, "InvalidParameterValue"),
        ({"HibernationOptions": {"Configured": True}}, "NotImplemented"),
        ({"DisableApiTermination": True}, "NotImplemented"),
        ({"SubnetId": "", "PrivateIpAddress": "10.0.0.1"}, "InvalidParameterValue"),
    ],
)
def test_a_launch_that_cannot_be_is_refused(
    ec2: Any, launch: Launch, given: dict[str, Any], code: str
) -> None:
    assert refused(launch, **given)[0] == code
    assert described(ec2) == []


def test_an_instance_profile_has_to_be_there(aws: ClientOf, ec2: Any, launch: Launch, account: str) -> None:
    answer = refused(launch, IamInstanceProfile={"Name": "nobody"})[1]
    expected = (
        "Value (nobody) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name"
    )
    assert answer == expected
    make_role(aws("iam"), "ecsInstanceRole", "ec2.amazonaws.com")
    make_profile(aws("iam"), "ecsInstanceProfile", "ecsInstanceRole")
    [made] = launch(IamInstanceProfile={"Name": "ecsInstanceProfile"})
    assert made["IamInstanceProfile"]["Arn"] == f"arn:aws:iam::{account}:instance-profile/ecsInstanceProfile"


def test_an_arm_type_runs_on_an_arm_image(ec2: Any, launch: Launch) -> None:
    [made] = launch(ImageId=image_of(ec2, "arm64"), InstanceType="m6g.large")
    assert made["Architecture"] == "arm64"


def test_a_dry_run_does_nothing(ec2: Any, launch: Launch) -> None:
    code, message = refused(launch, DryRun=True)
    assert (code, message) == ("DryRunOperation", "Request would have succeeded, but DryRun flag is set.")
    assert described(ec2) == []


def test_an_address_is_given_once_and_comes_back(ec2: Any, launch: Launch, wait_for: Any) -> None:
    [first] = launch()
    address, subnet = first["PrivateIpAddress"], first["SubnetId"]
    asked = {"SubnetId": subnet, "PrivateIpAddress": address}
    assert refused(launch, **asked)[0] == "InvalidIPAddress.InUse"
    ec2.terminate_instances(InstanceIds=[first["InstanceId"]])
    wait_for(lambda: states(ec2, [first["InstanceId"]]) == {"terminated"})
    assert launch(**asked)[0]["PrivateIpAddress"] == address


def test_an_instance_tells_what_it_was_launched_with(ec2: Any, launch: Launch) -> None:
    [made] = ids(launch(UserData="ZWNobyBoaQ==", EbsOptimized=True))
    attribute = ec2.describe_instance_attribute(InstanceId=made, Attribute="userData")
    # botocore encodes what it is given; what comes back is EC2's own base64.
    assert attribute["UserData"]["Value"] == "WldOb2J5Qm9hUT09"
    kind = ec2.describe_instance_attribute(InstanceId=made, Attribute="instanceType")
    assert kind["InstanceType"]["Value"] == "c5.large"
    assert described(ec2, InstanceIds=[made])[0]["EbsOptimized"] is True


def test_a_spot_instance_has_a_request_and_makes_the_role(aws: ClientOf, ec2: Any, launch: Launch) -> None:
    [made] = launch(InstanceMarketOptions={"MarketType": "spot"})
    assert made["InstanceLifecycle"] == "spot"
    [request] = ec2.describe_spot_instance_requests()["SpotInstanceRequests"]
    assert request["SpotInstanceRequestId"] == made["SpotInstanceRequestId"]
    assert (request["InstanceId"], request["State"]) == (made["InstanceId"], "active")
    assert (
        aws("iam")
        .get_role(RoleName="AWSServiceRoleForEC2Spot")["Role"]["Path"]
        .endswith("/spot.amazonaws.com/")
    )
    assert ec2.describe_spot_price_history()["SpotPriceHistory"] == []
