"""Remove one statement: the environment is not built, it says why, nothing of the step happens, and it heals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from services.batch.environments import delete, describe, make_instance_profile, on_instances, settled
from services.batch.statements.reasons import LAUNCH_REFUSED, POLICY, reason_of
from services.conftest import Deny
from services.lacking import Lacking, removes

Make = Callable[..., Any]


def stays_invalid(batch: Any, name: str, resources: Any, reason: str) -> str:
    """Create an environment that turns INVALID with a reason that begins so; the whole reason."""
    batch.create_compute_environment(computeEnvironmentName=name, type="MANAGED", computeResources=resources)
    shown = settled(batch, name)
    assert shown["status"] == "INVALID"
    told: str = shown["statusReason"]
    assert told.startswith(reason)
    return told


def heals(batch: Any, name: str, lacking: Lacking, wait_for: Make) -> None:
    """With the policy whole again, the environment turns VALID and can be deleted."""
    assert describe(batch, name)["status"] == "INVALID"
    lacking.mend()
    wait_for(lambda: describe(batch, name)["status"] == "VALID")
    delete(batch, name)


@removes(
    POLICY,
    (1, "ec2:DescribeSubnets"),
    (4, "autoscaling:CreateOrUpdateTags"),
    (6, "iam:CreateServiceLinkedRole"),
    (7, "ec2:CreateLaunchTemplate"),
    (10, "autoscaling:CreateAutoScalingGroup"),
    (14, "ecs:CreateCluster"),
    (17, "ec2:CreateTags"),
)
def test_an_environment_is_not_built(
    aws: Make, account: str, without: Deny, lacking: Lacking, wait_for: Make, number: int, action: str
) -> None:
    """The document, sentence by sentence:

    > Allows AWS Batch to control the lifecycle of Amazon EC2 instances as well as create and manage launch
      templates and tags.
    """
    make_instance_profile(aws)
    batch = aws("batch")
    resources = on_instances(aws)
    denied = without(POLICY, number, action)
    reason = stays_invalid(batch, "one", resources, reason_of(account, action))
    assert f"because no identity-based policy allows the {action} action" in reason
    denied.expect(action)
    heals(batch, "one", lacking, wait_for)


@removes(POLICY, (5, "iam:PassRole"), (15, "ec2:RunInstances"), (16, "ec2:RunInstances"))
def test_a_group_is_not_made_by_a_role_that_may_not_launch(
    aws: Make, account: str, without: Deny, lacking: Lacking, wait_for: Make, number: int, action: str
) -> None:
    """Auto Scaling asks EC2, as Batch's role, whether that may launch from the template of the group.

    > Allows AWS Batch to validate and pass roles provided by owner to Amazon EC2, Amazon EC2 Auto Scaling and
      Amazon ECS.
    """
    make_instance_profile(aws)
    batch = aws("batch")
    resources = on_instances(aws)
    denied = without(POLICY, number, action)
    reason = stays_invalid(batch, "one", resources, LAUNCH_REFUSED)
    assert "(Service: AmazonAutoScaling; Status Code: 403; Error Code: AccessDenied; Request ID: " in reason
    denied.expect(action)
    assert aws("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"] == []
    heals(batch, "one", lacking, wait_for)


@removes(POLICY, (15, "ec2:RunInstances"), (16, "ec2:RunInstances"))
def test_a_fleet_is_not_requested_by_a_role_that_may_not_launch(
    aws: Make, on_fleet: Make, without: Deny, lacking: Lacking, wait_for: Make, number: int, action: str
) -> None:
    """The document, sentence by sentence:

    > Allows AWS Batch to control the lifecycle of Amazon EC2 instances as well as create and manage launch
      templates and tags.
    """
    make_instance_profile(aws)
    batch = aws("batch")
    resources = on_fleet()
    denied = without(POLICY, number, action)
    told = "CLIENT_ERROR - You are not authorized to perform this operation. (Service: AmazonEC2; Status Code: 403;"
    stays_invalid(batch, "one", resources, told)
    denied.expect(action)
    assert aws("ec2").describe_spot_fleet_requests()["SpotFleetRequestConfigs"] == []
    heals(batch, "one", lacking, wait_for)


@pytest.mark.slow
@removes(POLICY, (5, "iam:PassRole"), (17, "ec2:CreateTags"))
def test_a_fleet_is_not_requested(
    aws: Make,
    account: str,
    on_fleet: Make,
    without: Deny,
    lacking: Lacking,
    wait_for: Make,
    number: int,
    action: str,
) -> None:
    """The document, sentence by sentence:

    > Allows AWS Batch to validate and pass roles provided by owner to Amazon EC2, Amazon EC2 Auto Scaling and
      Amazon ECS.
    """
    make_instance_profile(aws)
    batch = aws("batch")
    resources = on_fleet()
    denied = without(POLICY, number, action)
    stays_invalid(batch, "one", resources, reason_of(account, action, told_by="ec2"))
    denied.expect(action)
    heals(batch, "one", lacking, wait_for)
