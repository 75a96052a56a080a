"""Groups: made with their role, kept at their size as that role, changed and deleted."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from batchyard.services.autoscaling.controllers import sizing

ROLE = "arn:aws:iam::{}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"


def refusal(call, **arguments):
    with pytest.raises(ClientError) as raised:
        call(**arguments)
    return raised.value.response["Error"]["Code"], raised.value.response["Error"]["Message"]


def test_a_group_makes_the_role_and_launches_as_it(aws, account, group, in_service, describe, ec2, wait_for):
    group(
        DesiredCapacity=2,
        NewInstancesProtectedFromScaleIn=True,
        TerminationPolicies=["Default"],
        HealthCheckType="EC2",
        HealthCheckGracePeriod=0,
        Tags=[
            {"Key": "AWSBatchServiceTag", "Value": "batch", "PropagateAtLaunch": True},
            {"Key": "kept", "Value": "here", "PropagateAtLaunch": False},
        ],
    )
    role = aws("iam").get_role(RoleName="AWSServiceRoleForAutoScaling")["Role"]
    assert role["Arn"] == ROLE.format(account)
    held = in_service(2)
    found = describe()
    assert found["ServiceLinkedRoleARN"] == role["Arn"]
    assert found["DesiredCapacity"] == 2
    assert found["DefaultCooldown"] == 300
    assert found["NewInstancesProtectedFromScaleIn"] is True
    assert all(one["ProtectedFromScaleIn"] and one["HealthStatus"] == "Healthy" for one in found["Instances"])
    assert found["LaunchTemplate"]["LaunchTemplateId"].startswith("lt-")
    for reservation in ec2.describe_instances(InstanceIds=held)["Reservations"]:
        for one in reservation["Instances"]:
            tags = {tag["Key"]: tag["Value"] for tag in one["Tags"]}
            assert tags["aws:autoscaling:groupName"] == "g"
            assert tags["AWSBatchServiceTag"] == "batch"
            assert "kept" not in tags

    def launched():
        events = aws("cloudtrail").lookup_events(
            LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "RunInstances"}]
        )["Events"]
        return [json.loads(one["CloudTrailEvent"]) for one in events]

    event = wait_for(launched)[0]
    identity = event["userIdentity"]
    assert identity["arn"] == f"arn:aws:sts::{account}:assumed-role/AWSServiceRoleForAutoScaling/AutoScaling"
    assert identity["invokedBy"] == "autoscaling.amazonaws.com"


def test_instances_are_spread_over_the_zones(group, in_service, describe):
    group(DesiredCapacity=3)
    in_service(3)
    found = describe()
    assert len({one["AvailabilityZone"] for one in found["Instances"]}) == min(
        3, len(found["AvailabilityZones"])
    )


def test_zones_stand_for_their_default_subnets(autoscaling, template, in_service, describe, ec2):
    zone = ec2.describe_subnets()["Subnets"][0]["AvailabilityZone"]
    autoscaling.create_auto_scaling_group(
        AutoScalingGroupName="g",
        MinSize=1,
        MaxSize=1,
        LaunchTemplate={"LaunchTemplateName": template},
        AvailabilityZones=[zone],
    )
    in_service(1)
    found = describe()
    assert found["AvailabilityZones"] == [zone]
    assert found["Instances"][0]["AvailabilityZone"] == zone
    assert found["LaunchTemplate"]["Version"] == "$Default"


def test_what_a_create_is_refused_for(autoscaling, account, group, template, subnets):
    group()
    valid = {
        "AutoScalingGroupName": "h",
        "MinSize": 0,
        "MaxSize": 1,
        "LaunchTemplate": {"LaunchTemplateName": template},
        "VPCZoneIdentifier": subnets[0],
    }
    create = autoscaling.create_auto_scaling_group

    def refused(**changes):
        request = {**valid, **changes}
        return refusal(create, **{key: value for key, value in request.items() if value is not None})

    assert refused(AutoScalingGroupName="g") == (
        "AlreadyExists",
        "AutoScalingGroup by this name already exists - A group with the name g already exists",
    )
    assert refused(MinSize=2)[1] == "Max bound, 1, must be greater than or equal to min bound, 2"
    assert refused(DesiredCapacity=5)[1] == (
        "Desired capacity:5 must be between the specified min size:0 and max size:1"
    )
    assert refused(LaunchTemplate=None)[0] == "ValidationError"
    assert refused(LaunchTemplate={"LaunchTemplateName": "nowhere"})[1] == (
        "You must use a valid fully-formed launch template. The specified launch template, with template name"
        " nowhere, does not exist."
    )
    assert refused(LaunchTemplate={"LaunchTemplateName": template, "Version": "9"})[0] == "ValidationError"
    assert refused(VPCZoneIdentifier=None)[1] == "At least one Availability Zone or VPC Subnet is required."
    assert refused(VPCZoneIdentifier="subnet-00000000000000000")[0] == "ValidationError"
    assert refused(TerminationPolicies=["Best"])[0] == "ValidationError"
    assert refused(ServiceLinkedRoleARN=ROLE.format(account) + "_none")[0] == "ValidationError"
    assert refused(AutoScalingGroupName="a:b")[0] == "ValidationError"
    assert refused(Tags=[{"Key": "aws:x", "Value": "y"}])[0] == "ValidationError"
    assert refused(HealthCheckType="ELB")[0] == "NotImplemented"
    assert (
        refused(MixedInstancesPolicy={"InstancesDistribution": {"OnDemandBaseCapacity": 1}})[0]
        == "NotImplemented"
    )
    assert refused(TargetGroupARNs=["arn:aws:x"])[0] == "NotImplemented"
    assert autoscaling.describe_account_limits()["NumberOfAutoScalingGroups"] == 1


def test_an_update_moves_the_desired_capacity_into_its_bounds(autoscaling, group, in_service, describe):
    group()
    autoscaling.update_auto_scaling_group(AutoScalingGroupName="g", MinSize=2, MaxSize=3, DefaultCooldown=7)
    found = describe()
    assert (found["MinSize"], found["MaxSize"], found["DesiredCapacity"], found["DefaultCooldown"]) == (
        2,
        3,
        2,
        7,
    )
    in_service(2)
    autoscaling.update_auto_scaling_group(AutoScalingGroupName="g", MinSize=0, MaxSize=1)
    in_service(1)
    assert refusal(autoscaling.update_auto_scaling_group, AutoScalingGroupName="h", MinSize=0) == (
        "ValidationError",
        "AutoScalingGroup name not found - AutoScalingGroup: h not found",
    )


def test_deletion_waits_for_the_instances_or_ends_them(
    autoscaling, group, in_service, describe, state, wait_for, aws
):
    group(DesiredCapacity=1, NewInstancesProtectedFromScaleIn=True)
    held = in_service(1)
    assert refusal(autoscaling.delete_auto_scaling_group, AutoScalingGroupName="g") == (
        "ResourceInUse",
        "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) still"
        " in the group.",
    )
    autoscaling.delete_auto_scaling_group(AutoScalingGroupName="g", ForceDelete=True)
    assert describe()["Status"] == "Delete in progress"
    assert refusal(autoscaling.update_auto_scaling_group, AutoScalingGroupName="g", MaxSize=9)[0] == (
        "ValidationError"
    )
    wait_for(lambda: describe() is None)
    assert state(held[0]) == "terminated"
    group()
    autoscaling.delete_auto_scaling_group(AutoScalingGroupName="g")
    assert describe()["Status"] == "Delete in progress"
    wait_for(lambda: describe() is None)
    assert refusal(autoscaling.delete_auto_scaling_group, AutoScalingGroupName="g")[0] == "ValidationError"


def test_a_pace_that_ends_while_a_group_is_looked_at_is_over(
    app, autoscaling, group, describe, monkeypatch, wait_for
):
    """A slow machine: no later step may take for over what an earlier one waited for, as nobody asks again."""
    is_waiting = sizing.is_waiting

    def until_over(row, now):
        waits = is_waiting(row, now)
        if waits:
            wait_for(lambda: app.clock.now() > row.retry_at)
        return waits

    monkeypatch.setattr(sizing, "is_waiting", until_over)
    group()
    autoscaling.delete_auto_scaling_group(AutoScalingGroupName="g")
    wait_for(lambda: describe() is None, seconds=5)


def test_the_role_is_in_use_while_any_region_has_a_group(
    aws, account, group, autoscaling, describe, wait_for
):
    group()
    iam = aws("iam")

    def outcome():
        task = iam.delete_service_linked_role(RoleName="AWSServiceRoleForAutoScaling")["DeletionTaskId"]

        def ended():
            answer = iam.get_service_linked_role_deletion_status(DeletionTaskId=task)
            return answer if answer["Status"] in ("SUCCEEDED", "FAILED") else None

        return wait_for(ended)

    failed = outcome()
    assert failed["Status"] == "FAILED"
    usage = failed["Reason"]["RoleUsageList"]
    assert usage == [{"Region": "us-east-1", "Resources": [describe()["AutoScalingGroupARN"]]}]
    autoscaling.delete_auto_scaling_group(AutoScalingGroupName="g")
    wait_for(lambda: describe() is None)
    assert outcome()["Status"] == "SUCCEEDED"


def test_listings_come_in_pages_and_by_tag(autoscaling, group):
    for number in range(5):
        tags = [{"Key": "half", "Value": str(number % 2), "PropagateAtLaunch": False}]
        group(f"g{number}", Tags=tags)
    pages = list(
        autoscaling.get_paginator("describe_auto_scaling_groups").paginate(PaginationConfig={"PageSize": 2})
    )
    names = [[one["AutoScalingGroupName"] for one in page["AutoScalingGroups"]] for page in pages]
    assert names == [["g0", "g1"], ["g2", "g3"], ["g4"]]
    filtered = autoscaling.describe_auto_scaling_groups(Filters=[{"Name": "tag:half", "Values": ["1"]}])
    assert [one["AutoScalingGroupName"] for one in filtered["AutoScalingGroups"]] == ["g1", "g3"]
    assert refusal(autoscaling.describe_auto_scaling_groups, NextToken="?")[0] == "InvalidNextToken"


def test_every_termination_policy_that_is_told_can_be_had(autoscaling, group, describe):
    told = autoscaling.describe_termination_policy_types()["TerminationPolicyTypes"]
    group(TerminationPolicies=told)
    assert describe()["TerminationPolicies"] == told
    assert "Default" in told
