"""Who may: the checks on a group by name, on its tags, and on the roles that are passed or made."""

from __future__ import annotations

import json

import pytest

from services.autoscaling.test_groups import refusal
from services.batch.environments import make_instance_profile


def allow(*statements):
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **one} for one in statements]}


BATCH_GROUPS = {
    "Action": ["autoscaling:CreateAutoScalingGroup", "autoscaling:UpdateAutoScalingGroup"],
    "Resource": "arn:aws:autoscaling:*:*:autoScalingGroup:*:autoScalingGroupName/AWSBatch*",
}
TAGGED = {
    "Action": "autoscaling:CreateOrUpdateTags",
    "Resource": "*",
    "Condition": {"Null": {"aws:RequestTag/AWSBatchServiceTag": "false"}},
}
ROLE = {"Action": "iam:CreateServiceLinkedRole", "Resource": "*"}
LAUNCH = {"Action": "ec2:RunInstances", "Resource": "*"}
SERVICE_TAG = {"Key": "AWSBatchServiceTag", "Value": "batch", "PropagateAtLaunch": True}


def request(template, subnets, **more):
    return {
        "MinSize": 0,
        "MaxSize": 1,
        "LaunchTemplate": {"LaunchTemplateName": template},
        "VPCZoneIdentifier": subnets[0],
        **more,
    }


def test_the_recorded_statement_allows_groups_of_that_name_alone(user_client, template, subnets, describe):
    client = user_client("autoscaling", allow(BATCH_GROUPS, TAGGED, ROLE, LAUNCH))
    wanted = request(template, subnets)
    code, text = refusal(client.create_auto_scaling_group, AutoScalingGroupName="Other", **wanted)
    assert code == "AccessDenied"
    assert "autoscaling:CreateAutoScalingGroup" in text
    assert "autoScalingGroupName/Other" in text
    client.create_auto_scaling_group(AutoScalingGroupName="AWSBatch-x", Tags=[SERVICE_TAG], **wanted)
    client.update_auto_scaling_group(AutoScalingGroupName="AWSBatch-x", MaxSize=2)
    assert describe("AWSBatch-x")["MaxSize"] == 2
    tags = [{**SERVICE_TAG, "Key": "other"}]
    code, text = refusal(
        client.create_auto_scaling_group, AutoScalingGroupName="AWSBatch-y", Tags=tags, **wanted
    )
    assert code == "AccessDenied"
    assert "autoscaling:CreateOrUpdateTags" in text
    assert describe("AWSBatch-y") is None


def test_who_may_not_make_the_role_makes_no_group(aws, user_client, template, subnets, describe):
    client = user_client("autoscaling", allow(BATCH_GROUPS, LAUNCH))
    wanted = request(template, subnets)
    code, text = refusal(client.create_auto_scaling_group, AutoScalingGroupName="AWSBatch-x", **wanted)
    assert code == "AccessDenied"
    assert "iam:CreateServiceLinkedRole" in text
    assert "could not be created" in text
    assert describe("AWSBatch-x") is None
    aws("iam").create_service_linked_role(AWSServiceName="autoscaling.amazonaws.com")
    client.create_auto_scaling_group(AutoScalingGroupName="AWSBatch-x", **wanted)
    assert describe("AWSBatch-x") is not None


def test_who_may_not_look_still_gets_working_instances(aws, user_client, template, subnets, in_service):
    client = user_client("autoscaling", allow(BATCH_GROUPS, ROLE, LAUNCH))
    wanted = request(template, subnets, DesiredCapacity=1)
    client.create_auto_scaling_group(AutoScalingGroupName="AWSBatch-x", **wanted)
    in_service(1, "AWSBatch-x")


def test_a_missing_template_is_told_to_who_may_not_look(user_client, subnets, describe):
    """Else it could be made later, with a role in it that its maker may not pass."""
    client = user_client("autoscaling", allow(BATCH_GROUPS, ROLE, LAUNCH))
    wanted = request("nowhere", subnets, DesiredCapacity=1)
    code, text = refusal(client.create_auto_scaling_group, AutoScalingGroupName="AWSBatch-x", **wanted)
    assert (code, text) == (
        "ValidationError",
        "You must use a valid fully-formed launch template. The specified launch template, with template name"
        " nowhere, does not exist.",
    )
    assert describe("AWSBatch-x") is None


@pytest.mark.parametrize(
    ("named", "told"),
    [
        (
            {"IamInstanceProfile": {"Name": "nobody"}},
            "Value (nobody) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name",
        ),
        ({"ImageId": "ami-00000000000000000"}, "The image id '[ami-00000000000000000]' does not exist"),
    ],
)
def test_what_a_template_names_has_to_be_there(aws, template, subnets, named, told):
    """Recorded: hashicorp/terraform-provider-aws#4769 (EC2's text behind Auto Scaling's own)."""
    aws("ec2").create_launch_template_version(
        LaunchTemplateName=template, SourceVersion="1", LaunchTemplateData=named
    )
    wanted = request(template, subnets, LaunchTemplate={"LaunchTemplateName": template, "Version": "2"})
    code, text = refusal(aws("autoscaling").create_auto_scaling_group, AutoScalingGroupName="g", **wanted)
    assert (code, text) == ("ValidationError", f"You must use a valid fully-formed launch template. {told}")


def test_a_template_put_under_the_name_later_launches_nothing(aws, user_client, template, subnets, wait_for):
    """The group keeps the template that was asked about, also where its maker may not look it up."""
    make_instance_profile(aws)
    ec2 = aws("ec2")
    old = ec2.describe_launch_template_versions(LaunchTemplateName=template)["LaunchTemplateVersions"][0]
    client = user_client("autoscaling", allow(BATCH_GROUPS, ROLE, LAUNCH))
    client.create_auto_scaling_group(AutoScalingGroupName="AWSBatch-x", **request(template, subnets))
    ec2.delete_launch_template(LaunchTemplateName=template)
    data = {**old["LaunchTemplateData"], "IamInstanceProfile": {"Name": "nodes"}}
    ec2.create_launch_template(LaunchTemplateName=template, LaunchTemplateData=data)
    client.update_auto_scaling_group(AutoScalingGroupName="AWSBatch-x", DesiredCapacity=1)

    def failed():
        found = aws("autoscaling").describe_scaling_activities(AutoScalingGroupName="AWSBatch-x")
        return [one for one in found["Activities"] if one["StatusCode"] == "Failed"]

    assert old["LaunchTemplateId"] in wait_for(failed)[0]["StatusMessage"]
    assert ec2.describe_instances()["Reservations"] == []


def test_a_role_that_is_named_must_be_passed(aws, account, user_client, template, subnets, describe):
    iam = aws("iam")
    made = iam.create_service_linked_role(AWSServiceName="autoscaling.amazonaws.com", CustomSuffix="mine")
    role = made["Role"]["Arn"]
    wanted = request(template, subnets, AutoScalingGroupName="AWSBatch-x", ServiceLinkedRoleARN=role)
    code, text = refusal(user_client("autoscaling", allow(BATCH_GROUPS)).create_auto_scaling_group, **wanted)
    assert code == "AccessDenied"
    assert "iam:PassRole" in text
    assert role in text
    passing = {
        "Action": "iam:PassRole",
        "Resource": role,
        "Condition": {"StringEquals": {"iam:PassedToService": "autoscaling.amazonaws.com"}},
    }
    user_client("autoscaling", allow(BATCH_GROUPS, LAUNCH, passing)).create_auto_scaling_group(**wanted)
    assert describe("AWSBatch-x")["ServiceLinkedRoleARN"] == role
    names = [one["RoleName"] for one in iam.list_roles()["Roles"]]
    assert "AWSServiceRoleForAutoScaling" not in names


def test_tags_are_set_and_deleted_and_decide(autoscaling, group, user_client, describe):
    group(Tags=[{"Key": "team", "Value": "red", "PropagateAtLaunch": False}])
    place = {"ResourceId": "g", "ResourceType": "auto-scaling-group"}
    policy = allow(
        {
            "Action": "autoscaling:*",
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:ResourceTag/team": "red"}},
        }
    )
    client = user_client("autoscaling", json.dumps(policy))
    client.create_or_update_tags(Tags=[{**place, "Key": "more", "Value": "x", "PropagateAtLaunch": True}])
    shown = autoscaling.describe_tags(Filters=[{"Name": "auto-scaling-group", "Values": ["g"]}])["Tags"]
    assert shown == [
        {**place, "Key": "more", "Value": "x", "PropagateAtLaunch": True},
        {**place, "Key": "team", "Value": "red", "PropagateAtLaunch": False},
    ]
    assert describe()["Tags"] == shown
    autoscaling.delete_tags(Tags=[{**place, "Key": "team", "Value": "blue"}, {**place, "Key": "more"}])
    assert [tag["Key"] for tag in describe()["Tags"]] == ["team"]
    autoscaling.create_or_update_tags(Tags=[{**place, "Key": "team", "Value": "blue"}])
    assert (
        refusal(client.set_desired_capacity, AutoScalingGroupName="g", DesiredCapacity=0)[0] == "AccessDenied"
    )
    missing = {**place, "ResourceId": "h", "Key": "k", "Value": "v"}
    assert refusal(autoscaling.create_or_update_tags, Tags=[missing])[1] == (
        "AutoScalingGroup not found - AutoScaling Group h not found"
    )


@pytest.fixture
def costly(ec2):
    """The id of a launch template with an instance profile and with tags for its instances."""
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "team", "Value": "red"}]}]
    made = ec2.create_launch_template(
        LaunchTemplateName="costly",
        LaunchTemplateData={
            "ImageId": image,
            "InstanceType": "m5.large",
            "IamInstanceProfile": {"Name": "nodes"},
            "TagSpecifications": tags,
        },
    )
    return made["LaunchTemplate"]["LaunchTemplateId"]


TAGS = {
    "Action": "ec2:CreateTags",
    "Resource": "*",
    "Condition": {"StringEquals": {"ec2:CreateAction": "RunInstances"}},
}
PASS = {
    "Action": "iam:PassRole",
    "Resource": "*",
    "Condition": {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}},
}


@pytest.mark.parametrize(
    ("lacking", "action"), [(LAUNCH, "ec2:RunInstances"), (TAGS, "ec2:CreateTags"), (PASS, "iam:PassRole")]
)
def test_a_group_is_made_by_who_may_launch_from_its_template(
    aws, user_client, costly, subnets, describe, lacking, action
):
    """Auto Scaling User Guide, "Control Amazon EC2 launch template usage": RunInstances, CreateTags, PassRole."""
    make_instance_profile(aws)
    wanted = {
        "AutoScalingGroupName": "AWSBatch-x",
        "MinSize": 0,
        "MaxSize": 1,
        "LaunchTemplate": {"LaunchTemplateId": costly},
        "VPCZoneIdentifier": subnets[0],
    }
    rights = [BATCH_GROUPS, ROLE, LAUNCH, TAGS, PASS]
    refused = user_client("autoscaling", allow(*(one for one in rights if one is not lacking)))
    told = ("AccessDenied", f"You are not authorized to use launch template: {costly}")
    assert refusal(refused.create_auto_scaling_group, **wanted) == told
    assert describe("AWSBatch-x") is None
    assert not [one for one in aws("iam").list_roles()["Roles"] if "AutoScaling" in one["RoleName"]]
    records = dry_runs(aws)
    assert [one["errorCode"] for one in records] == ["Client.UnauthorizedOperation"]
    assert f"is not authorized to perform: {action} on resource: " in records[0]["errorMessage"]

    user_client("autoscaling", allow(*rights)).create_auto_scaling_group(**wanted)
    assert next(one["errorCode"] for one in dry_runs(aws)) == "Client.DryRunOperation"
    assert aws("ec2").describe_instances()["Reservations"] == []
    change = {"AutoScalingGroupName": "AWSBatch-x", "LaunchTemplate": wanted["LaunchTemplate"]}
    assert refusal(refused.update_auto_scaling_group, **change) == told
    refused.update_auto_scaling_group(AutoScalingGroupName="AWSBatch-x", MaxSize=2)
    assert describe("AWSBatch-x")["MaxSize"] == 2


def dry_runs(aws):
    """The records of RunInstances, the newest first."""
    attributes = [{"AttributeKey": "EventName", "AttributeValue": "RunInstances"}]
    found = aws("cloudtrail").lookup_events(LookupAttributes=attributes)["Events"]
    records = [json.loads(one["CloudTrailEvent"]) for one in found]
    assert all(one["requestParameters"]["dryRun"] is True for one in records)
    assert all(one["userIdentity"]["invokedBy"] == "autoscaling.amazonaws.com" for one in records)
    return records
