"""Remove one statement: no capacity is added, or none is let go; the reason is told, and it heals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from services.batch.conftest import job_of
from services.batch.statements.reasons import POLICY, WAITS, is_invalid, reason_of
from services.conftest import Deny
from services.lacking import Lacking, removes

Make = Callable[..., Any]


@pytest.fixture
def is_not_raised(
    batch: Any, account: str, without: Deny, lacking: Lacking, reached: Make, wait_for: Make
) -> Make:
    """`is_not_raised(queue, number, action)`: a job waits without capacity, and runs once there may be some."""

    def check(queue: str, number: int, action: str) -> None:
        denied = without(POLICY, number, action)
        job_id = batch.submit_job(jobName="j", jobQueue=queue, jobDefinition="work")["jobId"]
        wait_for(lambda: is_invalid(batch, "ec2", reason_of(account, action)))
        wait_for(lambda: job_of(batch, job_id).get("statusReason") == WAITS)
        denied.expect(action, times=1 if number == 1 else 2)
        lacking.mend()
        assert reached(job_id, seconds=40)["status"] == "SUCCEEDED"

    return check


@removes(POLICY, (1, "ecs:ListContainerInstances"), (10, "autoscaling:SetDesiredCapacity"))
def test_a_groups_capacity_is_not_raised(
    instances: Make, is_not_raised: Make, number: int, action: str
) -> None:
    """The document, sentence by sentence:

    > Allows AWS Batch to create and manage Amazon EC2 Auto Scaling resources.
    """
    is_not_raised(instances(), number, action)


@pytest.mark.slow
@removes(POLICY, (8, "ec2:ModifySpotFleetRequest"))
def test_a_fleets_target_is_not_raised(
    instances: Make, on_fleet: Make, is_not_raised: Make, number: int, action: str
) -> None:
    """The document, sentence by sentence:

    > AWS Batch creates and manages EC2 Spot Fleet requests for some EC2 Spot compute environments.
    """
    is_not_raised(instances(on_fleet()), number, action)


@pytest.mark.slow
@removes(POLICY, (10, "autoscaling:TerminateInstanceInAutoScalingGroup"))
def test_an_idle_instance_stays_until_it_may_be_ended(
    aws: Make,
    batch: Any,
    account: str,
    instances: Make,
    without: Deny,
    lacking: Lacking,
    reached: Make,
    wait_for: Make,
    tmp_path: Any,
    number: int,
    action: str,
) -> None:
    """The document, sentence by sentence:

    > Allows AWS Batch to control the lifecycle of Amazon EC2 instances as well as create and manage launch
      templates and tags.
    """

    def lifecycles() -> list[str]:
        found = aws("autoscaling").describe_auto_scaling_instances()["AutoScalingInstances"]
        return [one["LifecycleState"] for one in found]

    gate = ["/bin/sh", "-c", f"while [ ! -e {tmp_path}/go ]; do sleep 0.05; done"]
    job_id = batch.submit_job(
        jobName="j", jobQueue=instances(), jobDefinition="work", containerOverrides={"command": gate}
    )["jobId"]
    reached(job_id, "RUNNING")
    denied = without(POLICY, number, action)
    (tmp_path / "go").touch()
    assert reached(job_id)["status"] == "SUCCEEDED"
    wait_for(lambda: is_invalid(batch, "ec2", reason_of(account, action)))
    denied.expect(action, tables=("autoscaling_", "ec2_instances"))
    assert lifecycles() == ["InService"]
    lacking.mend()
    wait_for(lambda: lifecycles() == [])
