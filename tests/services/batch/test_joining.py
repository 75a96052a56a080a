"""Instances that do not join their cluster: the environment is INVALID, scaled down, and heals by an update."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from batchyard.config import Settings
from batchyard.services.batch.placing.rounds import LOOK_AGAIN_SECONDS
from conftest import INSTANCE_POLICY, Serving, client, wait_for
from services.batch.environments import describe, make_instance_profile, on_instances, settled, trust

Aws = Callable[..., Any]
LIMIT = 600
NONE_JOINED = (
    "Your compute environment has been INVALIDATED and scaled down because none of the instances joined the"
    " underlying ECS Cluster. Common issues preventing instances joining are the following: VPC/Subnet"
    " configuration preventing communication to ECS, incorrect Instance Profile policy preventing authorization to"
    " ECS, or customized AMI or LaunchTemplate configurations affecting ECS agent."
)


class House:
    """A server of this test's own, whose clock can be advanced."""

    def __init__(self, directory: Path) -> None:
        self._settings = Settings(
            data_dir=directory, port=0, pace=0.02, scale_down_delay=3600, slots=4, test_clock=True
        )
        self.serving = Serving(self._settings)

    def aws(self, service: str, *, region: str = "us-east-1") -> Any:
        return client(self.serving.endpoint, service, access_key="210987654321", region=region)

    def advance(self, seconds: float) -> None:
        self.serving.app.clock.advance(seconds)  # type: ignore[attr-defined]

    def let_pass(self, seconds: float) -> None:
        """Let time pass for a server that looks every few seconds: what runs is first seen at its next look."""
        wait_for(self.serving.app.driver.is_idle)
        self.advance(LOOK_AGAIN_SECONDS + 1)
        wait_for(self.serving.app.driver.is_idle)
        self.advance(seconds)
        wait_for(self.serving.app.driver.is_idle)

    def live(self) -> list[str]:
        """The instances that are not on their way out."""
        wanted = [{"Name": "instance-state-name", "Values": ["pending", "running"]}]
        found = self.aws("ec2").describe_instances(Filters=wanted)["Reservations"]
        return [one["InstanceId"] for group in found for one in group["Instances"]]

    def refusals(self) -> int:
        """How often an instance was refused to register so far."""
        lookup = [{"AttributeKey": "EventName", "AttributeValue": "RegisterContainerInstance"}]
        return len(self.aws("cloudtrail").lookup_events(LookupAttributes=lookup)["Events"])


@pytest.fixture(autouse=True)
def _forget() -> None:
    """Nothing to do on the shared server."""


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    one = House(tmp_path / "data")
    yield one
    one.serving.app.reset(None)
    one.serving.close()


def make(house: House, **resources: Any) -> str:
    """A queue on an environment of instances, and a job that waits there; the job's id."""
    batch = house.aws("batch")
    batch.create_compute_environment(
        computeEnvironmentName="ec2", type="MANAGED", computeResources=on_instances(house.aws, **resources)
    )
    assert settled(batch, "ec2")["status"] == "VALID"
    order = [{"order": 1, "computeEnvironment": "ec2"}]
    batch.create_job_queue(jobQueueName="q", priority=1, computeEnvironmentOrder=order)
    batch.register_job_definition(
        jobDefinitionName="work",
        type="container",
        containerProperties={"image": "busybox", "command": ["true"], "vcpus": 1, "memory": 64},
    )
    return str(batch.submit_job(jobName="j", jobQueue="q", jobDefinition="work")["jobId"])


def without_policy(house: House) -> None:
    """The instance profile `nodes` whose role has no permission at all."""
    make_instance_profile(house.aws)
    house.aws("iam").detach_role_policy(RoleName="nodes", PolicyArn=INSTANCE_POLICY)


def spot(house: House) -> dict[str, Any]:
    """What makes an environment one of Spot Fleet requests."""
    house.aws("iam").create_role(RoleName="fleet", AssumeRolePolicyDocument=trust("spotfleet.amazonaws.com"))
    return {"type": "SPOT", "spotIamFleetRole": "fleet"}


@pytest.mark.parametrize("kind", ["groups", "fleets"])
def test_none_joins_without_the_policy_and_the_owner_mends_it(house: House, kind: str) -> None:
    batch = house.aws("batch")
    without_policy(house)
    job = make(house, **(spot(house) if kind == "fleets" else {}))
    wait_for(house.refusals)
    wait_for(house.live)
    house.let_pass(LIMIT - 60)
    assert describe(batch, "ec2")["status"] == "VALID"
    invalid = turned_invalid(house)
    assert invalid["statusReason"] == NONE_JOINED
    assert invalid["computeResources"]["desiredvCpus"] == 0
    wait_for(lambda: not house.live())
    waiting = batch.describe_jobs(jobs=[job])["jobs"][0]
    assert waiting["status"] == "RUNNABLE"
    # It does not recover by itself, mended or not.
    house.aws("iam").attach_role_policy(RoleName="nodes", PolicyArn=INSTANCE_POLICY)
    house.let_pass(LIMIT)
    assert describe(batch, "ec2")["statusReason"] == NONE_JOINED
    assert house.live() == []
    batch.update_compute_environment(computeEnvironment="ec2", state="ENABLED")
    settled_as(batch, "VALID")
    wait_for(lambda: batch.describe_jobs(jobs=[job])["jobs"][0]["status"] == "SUCCEEDED")


def test_one_that_was_not_mended_turns_invalid_again(house: House) -> None:
    batch = house.aws("batch")
    without_policy(house)
    make(house)

    def refused_since(seen: int) -> bool:
        return bool(house.live()) and house.refusals() > seen

    for _ in range(2):
        seen = house.refusals()
        wait_for(partial(refused_since, seen))
        assert turned_invalid(house)["statusReason"] == NONE_JOINED
        wait_for(lambda: not house.live())
        batch.update_compute_environment(computeEnvironment="ec2", state="ENABLED")
    settled_as(batch, "VALID")


def test_an_environment_with_instances_but_no_job_is_told_of_too(house: House) -> None:
    """minvCpus keeps instances; nobody waits for them, and still they are looked after."""
    batch = house.aws("batch")
    without_policy(house)
    batch.create_compute_environment(
        computeEnvironmentName="ec2", type="MANAGED", computeResources=on_instances(house.aws, minvCpus=2)
    )
    assert settled(batch, "ec2")["status"] == "VALID"
    order = [{"order": 1, "computeEnvironment": "ec2"}]
    batch.create_job_queue(jobQueueName="q", priority=1, computeEnvironmentOrder=order)
    wait_for(house.refusals)
    wait_for(house.serving.app.driver.is_idle)
    assert turned_invalid(house)["statusReason"] == NONE_JOINED
    wait_for(lambda: not house.live())


def test_it_can_be_deleted_as_it_is(house: House) -> None:
    batch = house.aws("batch")
    without_policy(house)
    job = make(house)
    wait_for(house.refusals)
    turned_invalid(house)
    batch.terminate_job(jobId=job, reason="enough")
    batch.update_job_queue(jobQueue="q", state="DISABLED")
    wait_for(lambda: batch.describe_job_queues(jobQueues=["q"])["jobQueues"][0]["status"] == "VALID")
    batch.delete_job_queue(jobQueue="q")
    wait_for(lambda: not batch.describe_job_queues(jobQueues=["q"])["jobQueues"])
    batch.update_compute_environment(computeEnvironment="ec2", state="DISABLED")
    settled_as(batch, "VALID")
    batch.delete_compute_environment(computeEnvironment="ec2")
    wait_for(lambda: describe(batch, "ec2") is None)


def turned_invalid(house: House) -> Any:
    """The environment once it is INVALID, as time passes."""

    def look() -> Any:
        found = describe(house.aws("batch"), "ec2")
        if found["status"] != "INVALID":
            house.advance(LIMIT / 4)
        return found if found["status"] == "INVALID" else None

    return wait_for(look, every=0.2)


def settled_as(batch: Any, status: str) -> Any:
    """The environment once it has this status."""

    def look() -> Any:
        found = describe(batch, "ec2")
        return found if found["status"] == status else None

    return wait_for(look)
