"""Activities: what was done and why, refusals in EC2's words, tried again until they are healed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from batchyard.services.autoscaling.controllers import launches
from services.autoscaling.test_groups import refusal


def test_a_launch_tells_its_cause_and_its_place(autoscaling, group, in_service, subnets):
    group(DesiredCapacity=1, VPCZoneIdentifier=subnets[0])
    held = in_service(1)
    activity = autoscaling.describe_scaling_activities(AutoScalingGroupName="g")["Activities"][0]
    assert activity["Description"] == f"Launching a new EC2 instance: {held[0]}"
    assert (
        "a user request created an AutoScalingGroup changing the desired capacity from 0 to 1."
        in activity["Cause"]
    )
    assert activity["Cause"].endswith(
        "an instance was started in response to a difference between desired and actual capacity, increasing the"
        " capacity from 0 to 1."
    )
    assert activity["StatusCode"] == "Successful"
    assert activity["Progress"] == 100
    assert f'"Subnet ID":"{subnets[0]}"' in activity["Details"]
    assert activity["EndTime"] >= activity["StartTime"]


def test_a_refused_launch_stands_there_and_is_healed(autoscaling, ec2, group, wait_for, describe, in_service):
    group(LaunchTemplate={"LaunchTemplateName": "template", "Version": "$Latest"})
    bad = {"ImageId": "ami-00000000000000000"}
    ec2.create_launch_template_version(
        LaunchTemplateName="template", SourceVersion="1", LaunchTemplateData=bad
    )
    autoscaling.set_desired_capacity(AutoScalingGroupName="g", DesiredCapacity=1)

    def failed():
        found = autoscaling.describe_scaling_activities(AutoScalingGroupName="g")["Activities"]
        return [one for one in found if one["StatusCode"] == "Failed"]

    activity = wait_for(failed)[0]
    assert activity["StatusMessage"].endswith("Launching EC2 instance failed.")
    assert "ami-00000000000000000" in activity["StatusMessage"]
    assert activity["Description"].startswith("Launching a new EC2 instance.  Status Reason: ")
    assert describe()["Instances"] == []
    template = {"LaunchTemplateName": "template", "Version": "1"}
    autoscaling.update_auto_scaling_group(AutoScalingGroupName="g", LaunchTemplate=template)
    in_service(1)


def test_activities_of_a_deleted_group_are_shown_when_asked_for(
    autoscaling, group, in_service, wait_for, describe
):
    group(DesiredCapacity=1)
    in_service(1)
    autoscaling.delete_auto_scaling_group(AutoScalingGroupName="g", ForceDelete=True)
    wait_for(lambda: describe() is None)
    assert refusal(autoscaling.describe_scaling_activities, AutoScalingGroupName="g")[0] == "ValidationError"
    assert autoscaling.describe_scaling_activities()["Activities"] == []
    shown = autoscaling.describe_scaling_activities(AutoScalingGroupName="g", IncludeDeletedGroups=True)[
        "Activities"
    ]
    assert [one["StatusCode"] for one in shown] == ["Successful", "Successful"]
    assert {one["AutoScalingGroupState"] for one in shown} == {"Deleted"}
    one = autoscaling.describe_scaling_activities(
        ActivityIds=[shown[0]["ActivityId"]], IncludeDeletedGroups=True
    )["Activities"]
    assert one == shown[:1]


def test_activities_come_newest_first_in_pages_and_filtered(autoscaling, group, in_service):
    group(DesiredCapacity=3)
    in_service(3)
    autoscaling.set_desired_capacity(AutoScalingGroupName="g", DesiredCapacity=2)
    in_service(2)
    pages = list(
        autoscaling.get_paginator("describe_scaling_activities").paginate(
            AutoScalingGroupName="g", PaginationConfig={"PageSize": 3}
        )
    )
    shown = [one for page in pages for one in page["Activities"]]
    assert [len(page["Activities"]) for page in pages] == [3, 1]
    assert shown[0]["Description"].startswith("Terminating EC2 instance")
    assert "was selected for termination" in shown[0]["Cause"]
    times = [one["StartTime"] for one in shown]
    assert times == sorted(times, reverse=True)
    early = (times[-1] - timedelta(seconds=5)).isoformat()
    filtered = autoscaling.describe_scaling_activities(
        AutoScalingGroupName="g", Filters=[{"Name": "StartTimeUpperBound", "Values": [early]}]
    )
    assert filtered["Activities"] == []
    by_status = autoscaling.describe_scaling_activities(
        AutoScalingGroupName="g", Filters=[{"Name": "Status", "Values": ["Successful"]}]
    )
    assert len(by_status["Activities"]) == 4


def test_a_server_that_dies_between_launch_and_record_launches_nothing_twice(
    monkeypatch, group, in_service, ec2
):
    record = launches.record
    died: list[Any] = []

    def die_once(*arguments):
        if not died:
            died.append(arguments)
            raise RuntimeError("the server dies here")
        record(*arguments)

    monkeypatch.setattr(launches, "record", die_once)
    group(DesiredCapacity=2)
    held = in_service(2)
    assert died
    by_group = [{"Name": "tag:aws:autoscaling:groupName", "Values": ["g"]}]
    found = ec2.describe_instances(Filters=by_group)["Reservations"]
    assert sorted(one["InstanceId"] for group in found for one in group["Instances"]) == sorted(held)
