"""Sizes: raised and lowered, instances replaced, ended by name and protected, processes suspended."""

from __future__ import annotations

from collections import Counter

from batchyard.services.autoscaling.controllers import launches
from services.autoscaling.test_groups import refusal


def test_the_desired_capacity_is_made_true_both_ways(autoscaling, group, in_service, state, wait_for):
    group()
    autoscaling.set_desired_capacity(AutoScalingGroupName="g", DesiredCapacity=3, HonorCooldown=False)
    first = in_service(3)
    autoscaling.set_desired_capacity(AutoScalingGroupName="g", DesiredCapacity=1)
    left = in_service(1)
    for gone in set(first) - set(left):
        wait_for(lambda gone=gone: state(gone) == "terminated")
    assert refusal(autoscaling.set_desired_capacity, AutoScalingGroupName="g", DesiredCapacity=9) == (
        "ValidationError",
        "New SetDesiredCapacity value 9 is above max value 4 for the AutoScalingGroup.",
    )
    assert refusal(autoscaling.set_desired_capacity, AutoScalingGroupName="g", DesiredCapacity=-1)[0] == (
        "ValidationError"
    )


def test_the_cooldown_is_honoured_when_asked_for(autoscaling, group, in_service):
    group(DesiredCapacity=1)
    in_service(1)
    request = {"AutoScalingGroupName": "g", "DesiredCapacity": 2, "HonorCooldown": True}
    assert refusal(autoscaling.set_desired_capacity, **request)[0] == "ScalingActivityInProgress"
    autoscaling.update_auto_scaling_group(AutoScalingGroupName="g", DefaultCooldown=0)
    autoscaling.set_desired_capacity(**request)
    in_service(2)


def test_an_instance_that_ends_from_outside_is_replaced(
    group, in_service, ec2, autoscaling, wait_for, describe
):
    group(DesiredCapacity=1)
    lost = in_service(1)[0]
    ec2.terminate_instances(InstanceIds=[lost])

    def replaced():
        held = describe()["Instances"]
        return len(held) == 1 and held[0]["InstanceId"] != lost and held[0]["LifecycleState"] == "InService"

    wait_for(replaced)
    done = autoscaling.describe_scaling_activities(AutoScalingGroupName="g")["Activities"]
    assert any(
        "an EC2 health check indicating it has been terminated or stopped" in one["Cause"] for one in done
    )
    assert {one["StatusCode"] for one in done} == {"Successful"}
    assert Counter(one["Description"].split(":")[0] for one in done) == {
        "Launching a new EC2 instance": 2,
        "Terminating EC2 instance": 1,
    }


def test_an_instance_ended_by_name_shrinks_the_group_or_is_replaced(autoscaling, group, in_service, describe):
    group(DesiredCapacity=2, NewInstancesProtectedFromScaleIn=True)
    first = in_service(2)
    activity = autoscaling.terminate_instance_in_auto_scaling_group(
        InstanceId=first[0], ShouldDecrementDesiredCapacity=True
    )["Activity"]
    assert activity["Description"] == f"Terminating EC2 instance: {first[0]}"
    assert activity["Cause"].endswith("in response to a user request, shrinking the capacity from 2 to 1.")
    assert in_service(1) == [first[1]]
    assert describe()["DesiredCapacity"] == 1
    autoscaling.terminate_instance_in_auto_scaling_group(
        InstanceId=first[1], ShouldDecrementDesiredCapacity=False
    )
    assert in_service(1) != [first[1]]
    autoscaling.update_auto_scaling_group(AutoScalingGroupName="g", MinSize=1)
    held = in_service(1)
    code, text = refusal(
        autoscaling.terminate_instance_in_auto_scaling_group,
        InstanceId=held[0],
        ShouldDecrementDesiredCapacity=True,
    )
    assert code == "ValidationError"
    assert text.startswith("Currently, desiredSize equals minSize (1).")
    assert (
        refusal(
            autoscaling.terminate_instance_in_auto_scaling_group,
            InstanceId="i-00000000000000000",
            ShouldDecrementDesiredCapacity=False,
        )[1]
        == "Instance Id not found - No managed instance found for instance ID i-00000000000000000"
    )


def test_scale_in_spares_what_is_protected(autoscaling, group, in_service, describe, wait_for):
    group(DesiredCapacity=2, NewInstancesProtectedFromScaleIn=True)
    held = in_service(2)
    autoscaling.set_desired_capacity(AutoScalingGroupName="g", DesiredCapacity=0)
    autoscaling.set_instance_protection(
        AutoScalingGroupName="g", InstanceIds=[held[1]], ProtectedFromScaleIn=False
    )
    assert in_service(1) == [held[0]]
    instance = autoscaling.describe_auto_scaling_instances(InstanceIds=held)["AutoScalingInstances"]
    assert [
        (one["InstanceId"], one["AutoScalingGroupName"], one["ProtectedFromScaleIn"]) for one in instance
    ] == [(held[0], "g", True)]
    autoscaling.set_instance_protection(
        AutoScalingGroupName="g", InstanceIds=[held[0]], ProtectedFromScaleIn=False
    )
    in_service(0)
    assert (
        refusal(
            autoscaling.set_instance_protection,
            AutoScalingGroupName="g",
            InstanceIds=[held[0]],
            ProtectedFromScaleIn=True,
        )[1]
        == f"The instance {held[0]} is not part of Auto Scaling group g."
    )


def test_suspended_processes_do_nothing_until_resumed(
    autoscaling, group, in_service, describe, app, wait_for
):
    group()
    autoscaling.suspend_processes(AutoScalingGroupName="g", ScalingProcesses=["Launch", "AZRebalance"])
    suspended = describe()["SuspendedProcesses"]
    assert [one["ProcessName"] for one in suspended] == ["Launch", "AZRebalance"]
    assert suspended[0]["SuspensionReason"].startswith("User suspended at ")
    autoscaling.set_desired_capacity(AutoScalingGroupName="g", DesiredCapacity=1)
    wait_for(app.driver.is_idle)
    assert describe()["Instances"] == []
    autoscaling.resume_processes(AutoScalingGroupName="g", ScalingProcesses=["Launch"])
    in_service(1)
    autoscaling.suspend_processes(AutoScalingGroupName="g", ScalingProcesses=["Terminate"])
    autoscaling.set_desired_capacity(AutoScalingGroupName="g", DesiredCapacity=0)
    wait_for(app.driver.is_idle)
    assert [one["LifecycleState"] for one in describe()["Instances"]] == ["InService"]
    autoscaling.suspend_processes(AutoScalingGroupName="g")
    told = autoscaling.describe_scaling_process_types()["Processes"]
    suspended = {one["ProcessName"] for one in describe()["SuspendedProcesses"]}
    assert suspended == {one["ProcessName"] for one in told}
    autoscaling.resume_processes(AutoScalingGroupName="g")
    in_service(0)
    assert describe()["SuspendedProcesses"] == []
    assert (
        refusal(autoscaling.suspend_processes, AutoScalingGroupName="g", ScalingProcesses=["Sleep"])[0]
        == "ValidationError"
    )


def test_zones_are_balanced_again_unless_that_is_suspended(
    autoscaling, group, in_service, subnets, describe, wait_for
):
    group(DesiredCapacity=2, VPCZoneIdentifier=subnets[0])
    in_service(2)
    autoscaling.update_auto_scaling_group(AutoScalingGroupName="g", VPCZoneIdentifier=",".join(subnets[:2]))

    def balanced():
        held = describe()["Instances"]
        zones = {one["AvailabilityZone"] for one in held if one["LifecycleState"] == "InService"}
        return len(held) == 2 and len(zones) == 2

    wait_for(balanced)


def test_a_group_grows_by_so_many_at_once(autoscaling, group, in_service, describe, wait_for, monkeypatch):
    """However large the desired capacity, no decision takes longer: two thousand million once held the writer up."""
    monkeypatch.setattr(launches, "BEGUN_AT_ONCE", 2)
    group(DesiredCapacity=4)
    in_service(4)
    most = 2**31 - 1
    autoscaling.update_auto_scaling_group(AutoScalingGroupName="g", MaxSize=most, DesiredCapacity=most)
    wait_for(lambda: len(describe("g")["Instances"]) > 8)
