"""Updates of environments that need other instances: new ones for new jobs, old ones until their jobs have ended."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from services.batch.conftest import job_of, queue_of
from services.batch.environments import (
    delete,
    describe,
    make_instance_profile,
    on_fargate,
    on_instances,
    settled,
)

Make = Callable[..., Any]
STRATEGY = {"allocationStrategy": "BEST_FIT_PROGRESSIVE"}


@pytest.fixture
def made(batch: Any, aws: Make) -> Make:
    """`made(maxvCpus=8)`: an environment on instances that may be renewed, VALID; as described."""
    make_instance_profile(aws)

    def make(**resources: Any) -> Any:
        batch.create_compute_environment(
            computeEnvironmentName="one",
            type="MANAGED",
            computeResources=on_instances(aws, **{**STRATEGY, **resources}),
        )
        return settled(batch, "one")

    return make


def renew(batch: Any, policy: dict[str, Any] | None = None, **resources: Any) -> None:
    """Update the environment's infrastructure."""
    more = {"updatePolicy": policy} if policy else {}
    batch.update_compute_environment(computeEnvironment="one", computeResources=resources, **more)


def instances(aws: Make) -> dict[str, str]:
    """Type → state of the account's instances."""
    found = aws("ec2").describe_instances()["Reservations"]
    return {one["InstanceType"]: one["State"]["Name"] for group in found for one in group["Instances"]}


def groups(aws: Make) -> list[str]:
    found = aws("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    return sorted(one["AutoScalingGroupName"] for one in found)


@pytest.fixture
def running(batch: Any, made: Make, tmp_path: Path, wait_for: Make) -> Make:
    """`running("a")`: a job that runs until the file is there; its id."""
    made()
    order = [{"order": 1, "computeEnvironment": "one"}]
    batch.create_job_queue(jobQueueName="q", priority=1, computeEnvironmentOrder=order)
    wait_for(lambda: queue_of(batch, "q")["status"] == "VALID")

    def run(name: str, *, until: str = "RUNNING") -> str:
        script = f"until [ -e {tmp_path / name} ]; do sleep 0.05; done"
        container = {"image": "x", "command": ["/bin/sh", "-c", script], "vcpus": 1, "memory": 128}
        batch.register_job_definition(jobDefinitionName=name, type="container", containerProperties=container)
        job: str = batch.submit_job(jobName=name, jobQueue="q", jobDefinition=name)["jobId"]
        wait_for(lambda: job_of(batch, job)["status"] == until, seconds=40)
        return job

    return run


def test_a_job_ends_where_it_began_and_the_next_begins_on_a_new_instance(
    batch: Any, aws: Make, running: Make, tmp_path: Path, wait_for: Make
) -> None:
    first = running("first")
    [before] = groups(aws)
    policy = {"terminateJobsOnUpdate": False, "jobExecutionTimeoutMinutes": 60}
    renew(batch, policy, instanceTypes=["m5.large"])
    second = running("second", until="RUNNABLE")
    wait_for(lambda: instances(aws) == {"c5.large": "running", "m5.large": "running"})
    shown = describe(batch, "one")
    assert (shown["status"], shown["updatePolicy"]) == ("UPDATING", policy)
    with pytest.raises(ClientError, match="Cannot update, resource is being modified"):
        renew(batch, tags={"a": "b"})
    (tmp_path / "first").touch()
    assert settled(batch, "one")["status"] == "VALID"
    assert job_of(batch, first)["status"] == "SUCCEEDED"
    wait_for(lambda: job_of(batch, second)["status"] == "RUNNING")
    assert instances(aws) == {"c5.large": "terminated", "m5.large": "running"}
    assert before not in groups(aws)
    assert len(aws("ec2").describe_launch_templates()["LaunchTemplates"]) == 1
    (tmp_path / "second").touch()
    wait_for(lambda: job_of(batch, second)["status"] == "SUCCEEDED")


def test_jobs_are_terminated_where_the_policy_says_so(
    batch: Any, aws: Make, running: Make, wait_for: Make
) -> None:
    job = running("first")
    renew(batch, {"terminateJobsOnUpdate": True}, tags={"team": "red"})
    assert settled(batch, "one")["updatePolicy"] == {
        "terminateJobsOnUpdate": True,
        "jobExecutionTimeoutMinutes": 30,
    }
    ended = wait_for(lambda: (found := job_of(batch, job))["status"] == "FAILED" and found)
    assert ended["statusReason"].startswith("Host EC2 (instance ")


def test_an_environment_in_renewal_is_deleted_with_what_is_old(batch: Any, aws: Make, made: Make) -> None:
    made(minvCpus=2)
    renew(batch, placementGroup="", instanceTypes=["m5.large"], minvCpus=0)
    settled(batch, "one")
    delete(batch, "one")
    assert groups(aws) == []
    assert aws("ec2").describe_launch_templates()["LaunchTemplates"] == []


def test_everything_is_read_back(batch: Any, aws: Make, made: Make) -> None:
    ec2 = aws("ec2")
    ec2.create_placement_group(GroupName="close", Strategy="cluster")
    for name in ("all", "large"):
        ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData={"InstanceType": "c5.large"})
    template = {
        "launchTemplateName": "all",
        "version": "$Default",
        "overrides": [{"launchTemplateName": "large", "version": "1", "targetInstanceTypes": ["m5"]}],
    }
    new: dict[str, Any] = {
        "type": "SPOT",
        "allocationStrategy": "SPOT_CAPACITY_OPTIMIZED",
        "bidPercentage": 70,
        "instanceTypes": ["c5.large", "m5.large"],
        "placementGroup": "close",
        "launchTemplate": template,
        "ec2Configuration": [{"imageType": "ECS_AL2"}, {"imageType": "ECS_AL2_NVIDIA"}],
        "tags": {"team": "red"},
    }
    assert "updatePolicy" not in made()
    renew(batch, **new)
    shown = settled(batch, "one")
    assert shown["status"] == "VALID"
    assert {name: shown["computeResources"][name] for name in new} == new
    renew(batch, launchTemplate={"launchTemplateName": ""}, placementGroup="", bidPercentage=0)
    resources = settled(batch, "one")["computeResources"]
    assert {"launchTemplate", "placementGroup", "bidPercentage"}.isdisjoint(resources)


def test_a_fargate_environment_takes_other_subnets(batch: Any, aws: Make) -> None:
    resources = on_fargate(aws)
    batch.create_compute_environment(computeEnvironmentName="one", type="MANAGED", computeResources=resources)
    settled(batch, "one")
    renew(batch, {"terminateJobsOnUpdate": True}, subnets=resources["subnets"][:1], type="FARGATE_SPOT")
    shown = settled(batch, "one")
    assert shown["computeResources"]["subnets"] == resources["subnets"][:1]
    assert "updatePolicy" not in shown
    renew(batch, subnets=[])
    assert settled(batch, "one")["computeResources"]["subnets"] == resources["subnets"][:1]


@pytest.mark.parametrize(
    ("before", "changes", "text"),
    [
        (
            {"allocationStrategy": "BEST_FIT"},
            {"instanceTypes": ["m5.large"]},
            "not supported for the allocation",
        ),
        ({}, {"type": "FARGATE"}, "cannot be changed from EC2 to FARGATE"),
        ({}, {"bidPercentage": 50}, "bidPercentage is not applicable for EC2."),
        (
            {},
            {"ec2Configuration": [{"imageType": "ECS_X"}]},
            "Invalid imageType in ComputeResources.ec2Configuration",
        ),
        ({}, {"launchTemplate": {"version": "1"}}, "Exactly one of launchTemplateId and launchTemplateName"),
        (
            {},
            {
                "launchTemplate": {
                    "launchTemplateName": "a",
                    "overrides": [{"launchTemplateName": "b", "targetInstanceTypes": ["p3"]}],
                }
            },
            "targetInstanceTypes p3 is not one of instanceTypes.",
        ),
    ],
)
def test_what_an_update_refuses(batch: Any, made: Make, before: Any, changes: Any, text: str) -> None:
    made(**before)
    with pytest.raises(ClientError, match=re.escape(text)) as refused:
        renew(batch, **changes)
    assert refused.value.response["Error"]["Code"] == "ClientException"
    assert describe(batch, "one")["status"] == "VALID"


def test_an_update_asks_for_something_and_a_policy_alone_changes_at_once(batch: Any, made: Make) -> None:
    """Recorded: hashicorp/terraform-provider-aws#43969."""
    made()
    with pytest.raises(
        ClientError, match=re.escape("One of [state | compute-resources | service-role | unmanaged-vcpus]")
    ):
        batch.update_compute_environment(computeEnvironment="one")
    with pytest.raises(ClientError, match="jobExecutionTimeoutMinutes"):
        batch.update_compute_environment(
            computeEnvironment="one", updatePolicy={"jobExecutionTimeoutMinutes": 7201}
        )
    for _ in range(2):
        batch.update_compute_environment(
            computeEnvironment="one", updatePolicy={"jobExecutionTimeoutMinutes": 60}
        )
        assert describe(batch, "one")["status"] == "VALID"
    policy = {"terminateJobsOnUpdate": False, "jobExecutionTimeoutMinutes": 60}
    assert settled(batch, "one")["updatePolicy"] == policy
