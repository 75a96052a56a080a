"""Who may launch, tag, pass and end: statement by statement, as the policies of Batch's role have it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from batchyard.data import managed_policies
from conftest import client
from services.ec2.conftest import (
    Launch,
    described,
    ids,
    make_profile,
    make_role,
    refused,
    tag_specification,
)

ClientOf = Callable[..., Any]
TAGS = {"AWSBatchServiceTag": "batch"}


def document(name: str) -> str:
    """The text of one of AWS's managed policies."""
    found = managed_policies.find(name)
    assert found is not None
    return found.document


@pytest.fixture
def batch(aws: ClientOf, user: Callable[..., dict[str, str]], endpoint: str) -> Any:
    """A client of a user with the whole policy of AWSServiceRoleForBatch, which is too long to be inline."""
    iam = aws("iam")
    made = iam.create_policy(PolicyName="batch", PolicyDocument=document("BatchServiceRolePolicy"))
    somebody = user()
    iam.attach_user_policy(UserName=somebody["name"], PolicyArn=made["Policy"]["Arn"])
    return client(endpoint, "ec2", access_key=somebody["key"], secret=somebody["secret"])


def statements(*given: dict[str, Any]) -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Resource": "*", **one} for one in given],
    }


def run(caller: Any, image: str, **arguments: Any) -> Any:
    request = {"ImageId": image, "InstanceType": "c5.large", "MinCount": 1, "MaxCount": 1, **arguments}
    return caller.run_instances(**request)


def test_batchs_policy_launches_with_its_tag_alone(ec2: Any, batch: Any, image: str) -> None:
    code, message = refused(run, caller=batch, image=image)
    assert code == "UnauthorizedOperation"
    assert ":instance/* because no identity-based policy allows the ec2:RunInstances action" in message
    run(batch, image, TagSpecifications=[tag_specification("instance", **TAGS)])
    assert len(described(ec2)) == 1


def test_batchs_policy_ends_what_carries_its_tag(ec2: Any, batch: Any, launch: Launch) -> None:
    [other] = ids(launch())
    [own] = ids(launch(TagSpecifications=[tag_specification("instance", **TAGS)]))
    code, message = refused(batch.terminate_instances, InstanceIds=[other])
    assert (code, f"instance/{other} " in message) == ("UnauthorizedOperation", True)
    assert refused(batch.terminate_instances, InstanceIds=[own, other])[0] == "UnauthorizedOperation"
    assert {one["State"]["Name"] for one in described(ec2)} <= {"pending", "running"}
    batch.terminate_instances(InstanceIds=[own])


def test_batchs_policy_makes_and_deletes_templates_with_its_tag(ec2: Any, batch: Any) -> None:
    data = {"InstanceType": "c5.large"}
    plain = {"LaunchTemplateName": "plain", "LaunchTemplateData": data}
    assert refused(batch.create_launch_template, **plain)[0] == "UnauthorizedOperation"
    tags = [tag_specification("launch-template", **TAGS)]
    batch.create_launch_template(LaunchTemplateName="own", LaunchTemplateData=data, TagSpecifications=tags)
    ec2.create_launch_template(**plain)
    assert refused(batch.delete_launch_template, LaunchTemplateName="plain")[0] == "UnauthorizedOperation"
    assert refused(batch.delete_launch_template, LaunchTemplateName="nobody")[0] == "UnauthorizedOperation"
    batch.delete_launch_template(LaunchTemplateName="own")
    assert [one["LaunchTemplateName"] for one in ec2.describe_launch_templates()["LaunchTemplates"]] == [
        "plain"
    ]


def test_tags_of_a_template_count_as_the_requests(batch: Any, ec2: Any, image: str) -> None:
    data = {"ImageId": image, "TagSpecifications": [tag_specification("instance", **TAGS)]}
    ec2.create_launch_template(LaunchTemplateName="tagged", LaunchTemplateData=data)
    made = batch.run_instances(
        LaunchTemplate={"LaunchTemplateName": "tagged"}, InstanceType="c5.large", MinCount=1, MaxCount=1
    )
    assert len(made["Instances"]) == 1


def test_tagging_at_launch_is_a_permission_of_its_own(user_client: ClientOf, image: str) -> None:
    only_run = user_client("ec2", statements({"Action": "ec2:RunInstances"}))
    run(only_run, image)
    tags = [tag_specification("volume", a="b")]
    _, message = refused(run, caller=only_run, image=image, TagSpecifications=tags)
    assert "ec2:CreateTags on resource: arn:aws:ec2:us-east-1:" in message
    assert ":volume/*" in message
    when = {"StringEquals": {"ec2:CreateAction": "RunInstances"}}
    tagger = user_client(
        "ec2", statements({"Action": "ec2:RunInstances"}, {"Action": "ec2:CreateTags", "Condition": when})
    )
    made = run(tagger, image, TagSpecifications=tags)["Instances"][0]
    given = [{"Key": "a", "Value": "b"}]
    later = refused(tagger.create_tags, Resources=[made["InstanceId"]], Tags=given)
    assert later[0] == "UnauthorizedOperation"


@pytest.mark.parametrize(
    ("denied", "named"),
    [
        ("arn:aws:ec2:*::image/*", "::image/"),
        ("arn:aws:ec2:*:*:subnet/*", ":subnet/subnet-"),
        ("arn:aws:ec2:*:*:security-group/*", ":security-group/sg-"),
        ("arn:aws:ec2:*:*:network-interface/*", ":network-interface/*"),
        ("arn:aws:ec2:*:*:volume/*", ":volume/*"),
        ("arn:aws:ec2:*:*:instance/*", ":instance/*"),
        ("arn:aws:ec2:*:*:key-pair/*", ":key-pair/mine"),
    ],
)
def test_each_resource_of_a_launch_is_checked(
    ec2: Any, user_client: ClientOf, image: str, denied: str, named: str
) -> None:
    ec2.create_key_pair(KeyName="mine", KeyType="ed25519")
    deny = {"Effect": "Deny", "Action": "ec2:RunInstances", "Resource": denied}
    somebody = user_client("ec2", statements({"Action": "ec2:*"}, deny))
    code, message = refused(run, caller=somebody, image=image, KeyName="mine")
    assert code == "UnauthorizedOperation"
    assert named in message
    assert "with an explicit deny in an identity-based policy" in message
    assert described(ec2) == []


@pytest.mark.parametrize(
    ("key", "value", "allowed"),
    [
        ("ec2:InstanceType", "c5.large", True),
        ("ec2:InstanceType", "c5.xlarge", False),
        ("ec2:Region", "us-east-1", True),
        ("ec2:InstanceMarketType", "spot", False),
        ("ec2:AvailabilityZone", "us-east-1a", True),
        ("ec2:IsLaunchTemplateResource", "false", True),
    ],
)
def test_conditions_on_what_is_launched(
    user_client: ClientOf, image: str, account: str, key: str, value: str, *, allowed: bool
) -> None:
    instance = {
        "Action": "ec2:RunInstances",
        "Resource": "arn:aws:ec2:*:*:instance/*",
        "Condition": {"StringEquals": {key: value}},
    }
    others = {"Action": "ec2:RunInstances", "NotResource": "arn:aws:ec2:*:*:instance/*"}
    given = statements(instance)
    given["Statement"].append({"Effect": "Allow", **others})
    somebody = user_client("ec2", given)
    if allowed:
        assert run(somebody, image)["Instances"]
    else:
        assert refused(run, caller=somebody, image=image)[0] == "UnauthorizedOperation"


def test_the_profiles_role_is_passed(aws: ClientOf, user_client: ClientOf, image: str, account: str) -> None:
    role = make_role(aws("iam"), "inside", "ec2.amazonaws.com")
    make_profile(aws("iam"), "outside", "inside")
    profile = {"Name": "outside"}
    everything = {"Action": "ec2:*"}
    code, message = refused(
        run, caller=user_client("ec2", statements(everything)), image=image, IamInstanceProfile=profile
    )
    assert code == "UnauthorizedOperation"
    assert f"is not authorized to perform: iam:PassRole on resource: {role}" in message
    to_ec2 = {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}
    passing = {"Action": "iam:PassRole", "Resource": role, "Condition": to_ec2}
    made = run(user_client("ec2", statements(everything, passing)), image, IamInstanceProfile=profile)
    assert made["Instances"][0]["IamInstanceProfile"]["Arn"].endswith("/outside")


def test_a_spot_launch_needs_the_role_or_the_right_to_make_it(user_client: ClientOf, image: str) -> None:
    somebody = user_client("ec2", statements({"Action": "ec2:*"}))
    market = {"MarketType": "spot"}
    assert refused(run, caller=somebody, image=image, InstanceMarketOptions=market) == (
        "AuthFailure.ServiceLinkedRoleCreationNotPermitted",
        "The provided credentials do not have permission to create the service-linked role for EC2 Spot Instances.",
    )
    scaling = user_client("ec2", document("AutoScalingServiceRolePolicy"))
    assert run(scaling, image, InstanceMarketOptions=market)["Instances"]
    assert run(somebody, image, InstanceMarketOptions=market)["Instances"]


def test_batchs_policy_requests_changes_and_cancels_its_fleets(
    aws: ClientOf, ec2: Any, batch: Any, image: str
) -> None:
    config: dict[str, Any] = {
        "IamFleetRole": make_role(aws("iam"), "fleet", "spotfleet.amazonaws.com"),
        "TargetCapacity": 0,
        "LaunchSpecifications": [{"ImageId": image, "InstanceType": "c5.large"}],
    }
    own = {
        **config,
        "LaunchSpecifications": [
            {
                **config["LaunchSpecifications"][0],
                "TagSpecifications": [tag_specification("instance", **TAGS)],
            }
        ],
        "TagSpecifications": [tag_specification("spot-fleet-request", **TAGS)],
    }
    tagged = batch.request_spot_fleet(SpotFleetRequestConfig=own)["SpotFleetRequestId"]
    plain = ec2.request_spot_fleet(SpotFleetRequestConfig=config)["SpotFleetRequestId"]
    change = refused(batch.modify_spot_fleet_request, SpotFleetRequestId=plain, TargetCapacity=1)
    assert change[0] == "UnauthorizedOperation"
    batch.modify_spot_fleet_request(SpotFleetRequestId=tagged, TargetCapacity=1)
    cancel = {"TerminateInstances": True}
    assert refused(batch.cancel_spot_fleet_requests, SpotFleetRequestIds=[plain], **cancel)[0] == (
        "UnauthorizedOperation"
    )
    batch.cancel_spot_fleet_requests(SpotFleetRequestIds=[tagged], **cancel)


def test_the_fleets_role_is_passed(aws: ClientOf, user_client: ClientOf, image: str) -> None:
    role = make_role(aws("iam"), "fleet", "spotfleet.amazonaws.com")
    config: dict[str, Any] = {
        "IamFleetRole": role,
        "TargetCapacity": 1,
        "LaunchSpecifications": [{"ImageId": image, "InstanceType": "c5.large"}],
    }
    somebody = user_client("ec2", statements({"Action": "ec2:*"}))
    code, message = refused(somebody.request_spot_fleet, SpotFleetRequestConfig=config)
    assert (code, f"iam:PassRole on resource: {role}" in message) == ("UnauthorizedOperation", True)
