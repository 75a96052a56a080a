"""Remove one statement: an environment's deletion falls back to INVALID, and goes on when it may."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from services.batch.environments import describe, make_instance_profile, on_fargate, on_instances, settled
from services.batch.statements.reasons import POLICY, is_invalid, reason_of
from services.conftest import Deny
from services.lacking import Lacking, removes

Make = Callable[..., Any]


@pytest.fixture
def disabled(aws: Make, batch: Any) -> Make:
    """`disabled(resources)`: an environment named `one` that was VALID and may be deleted."""

    def make(resources: Any) -> None:
        make_instance_profile(aws)
        batch.create_compute_environment(
            computeEnvironmentName="one", type="MANAGED", computeResources=resources
        )
        assert settled(batch, "one")["status"] == "VALID"
        batch.update_compute_environment(computeEnvironment="one", state="DISABLED")
        assert settled(batch, "one")["status"] == "VALID"

    return make


@pytest.fixture
def falls_back(aws: Make, batch: Any, account: str, without: Deny, lacking: Lacking, wait_for: Make) -> Make:
    """`falls_back(number, action)`: the deletion is refused, told, and ends well (batch-on-behalf.md 5)."""

    def check(number: int, action: str) -> None:
        denied = without(POLICY, number, action)
        batch.delete_compute_environment(computeEnvironment="one")
        wait_for(lambda: is_invalid(batch, "one", reason_of(account, action)))
        denied.expect(action)
        assert is_invalid(batch, "one", reason_of(account, action))
        lacking.mend()
        wait_for(lambda: describe(batch, "one") is None)
        assert aws("ecs").list_clusters()["clusterArns"] == []
        assert aws("ec2").describe_launch_templates()["LaunchTemplates"] == []

    return check


@removes(POLICY, (11, "ecs:DeleteCluster"))
def test_a_cluster_is_not_deleted(
    aws: Make, disabled: Make, falls_back: Make, number: int, action: str
) -> None:
    """The document, sentence by sentence:

    > Allows AWS Batch to create and managed Amazon ECS clusters, task-definitions and tasks for job
      execution.
    """
    disabled(on_fargate(aws))
    falls_back(number, action)


@removes(POLICY, (8, "ec2:DeleteLaunchTemplate"), (10, "autoscaling:DeleteAutoScalingGroup"))
def test_a_group_or_its_template_is_not_deleted(
    aws: Make, disabled: Make, falls_back: Make, number: int, action: str
) -> None:
    """The document, sentence by sentence:

    > AWS Batch creates and manages Amazon EC2 Auto Scaling groups for most compute environments.
    """
    disabled(on_instances(aws))
    falls_back(number, action)


@pytest.mark.slow
@removes(POLICY, (8, "ec2:CancelSpotFleetRequests"))
def test_a_fleet_request_is_not_cancelled(
    disabled: Make, on_fleet: Make, falls_back: Make, number: int, action: str
) -> None:
    """The document, sentence by sentence:

    > AWS Batch creates and manages EC2 Spot Fleet requests for some EC2 Spot compute environments.
    """
    disabled(on_fleet())
    falls_back(number, action)


def test_a_refused_deletion_is_taken_back_by_an_update(
    aws: Make, batch: Any, disabled: Make, without: Deny, lacking: Lacking, wait_for: Make
) -> None:
    disabled(on_fargate(aws))
    without(POLICY, 11, "ecs:DeleteCluster")
    batch.delete_compute_environment(computeEnvironment="one")
    wait_for(lambda: describe(batch, "one")["status"] == "INVALID")
    batch.update_compute_environment(computeEnvironment="one", state="ENABLED")
    assert settled(batch, "one")["status"] == "VALID"
    lacking.mend()
    assert describe(batch, "one")["state"] == "ENABLED"
    assert len(aws("ecs").list_clusters()["clusterArns"]) == 1
