"""Remove one statement of AutoScalingServiceRolePolicy: the scaling activity fails in EC2's words, and it heals."""

from __future__ import annotations

import pytest

from services.batch.environments import make_instance_profile
from services.lacking import removes

POLICY = "AutoScalingServiceRolePolicy"
LOOKED_AT = "ec2:DescribeInstances"


@pytest.fixture(scope="session")
def serving(lacking):
    """The server of these tests alone, whose policies they change."""
    return lacking.serving


@pytest.fixture
def group_of(aws, ec2, autoscaling, subnets):
    """`group_of(IamInstanceProfile=…)`: a group that wants one instance, from a template with these members."""

    def make(**data):
        image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
        data = {"ImageId": image, "InstanceType": "m5.large", **data}
        ec2.create_launch_template(LaunchTemplateName="own", LaunchTemplateData=data)
        autoscaling.create_auto_scaling_group(
            AutoScalingGroupName="g",
            MinSize=0,
            MaxSize=2,
            DesiredCapacity=1,
            LaunchTemplate={"LaunchTemplateName": "own"},
            VPCZoneIdentifier=subnets[0],
        )

    return make


@pytest.fixture
def failed(autoscaling, wait_for):
    """`failed()`: the StatusMessage of the group's failed activities, once there is one."""

    def messages():
        found = autoscaling.describe_scaling_activities(AutoScalingGroupName="g")["Activities"]
        return {one["StatusMessage"] for one in found if one["StatusCode"] == "Failed"}

    return lambda: wait_for(messages)


def told(account, action):
    """How EC2 words what the group's role may not do."""
    user = f"arn:aws:sts::{account}:assumed-role/AWSServiceRoleForAutoScaling/AutoScaling"
    first = "You are not authorized to perform this operation."
    return f"{first} User: {user} is not authorized to perform: {action} "


@removes(POLICY, (1, "ec2:RunInstances"), (2, "iam:PassRole"))
def test_a_launch_that_the_role_may_not_make_fails(
    aws, account, ec2, group_of, failed, in_service, without, lacking, number, action
):
    make_instance_profile(aws)
    denied = without(POLICY, number, action)
    group_of(IamInstanceProfile={"Name": "nodes"})
    [message] = failed()
    assert message.startswith(told(account, action))
    assert message.endswith("Launching EC2 instance failed.")
    denied.expect(action, tables=("ec2_",))
    assert ec2.describe_instances()["Reservations"] == []
    lacking.mend()
    in_service(1)


@removes(POLICY, (3, "iam:CreateServiceLinkedRole"))
def test_a_spot_launch_without_spots_role_fails(
    aws, group_of, failed, in_service, without, lacking, number, action
):
    denied = without(POLICY, number, action)
    group_of(InstanceMarketOptions={"MarketType": "spot"})
    assert failed() == {
        "The provided credentials do not have permission to create the service-linked role for EC2 Spot Instances."
        " Launching EC2 instance failed."
    }
    denied.expect(action, tables=("ec2_",))
    roles = aws("iam").list_roles()["Roles"]
    assert not [one for one in roles if one["RoleName"] == "AWSServiceRoleForEC2Spot"]
    lacking.mend()
    in_service(1)


@pytest.mark.slow
@removes(POLICY, (1, "ec2:TerminateInstances"))
def test_an_instance_that_the_role_may_not_end_runs_on(
    account,
    autoscaling,
    group_of,
    in_service,
    state,
    wait_for,
    without,
    lacking,
    number,
    action,
):
    group_of()
    [instance] = in_service(1, "g")
    denied = without(POLICY, number, action)
    autoscaling.set_desired_capacity(AutoScalingGroupName="g", DesiredCapacity=0)

    def message():
        found = autoscaling.describe_scaling_activities(AutoScalingGroupName="g")["Activities"][0]
        return found.get("StatusMessage", "").startswith(told(account, action))

    wait_for(message)
    denied.expect(action, tables=("ec2_",))
    assert state(instance) == "running"
    lacking.mend()
    in_service(0, "g")


@removes(POLICY, (1, LOOKED_AT))
def test_an_instance_that_the_role_may_not_look_at_stays_pending(
    ec2, group_of, describe, in_service, wait_for, without, lacking, app, number, action
):
    """Launched while the role may do so; the state is asked for when EC2 tells of a change."""
    group_of()
    [instance] = in_service(1, "g")
    denied = without(POLICY, number, action)
    ec2.terminate_instances(InstanceIds=[instance])
    denied.expect(action, tables=("autoscaling_",))
    assert describe()["Instances"][0]["HealthStatus"] == "Healthy"
    lacking.mend()
    wait_for(lambda: [one["InstanceId"] for one in describe()["Instances"]] not in ([], [instance]))
    in_service(1, "g")
