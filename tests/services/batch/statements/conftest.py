"""A server whose BatchServiceRolePolicy lacks a statement, and queues on environments that are VALID."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from conftest import Serving
from services.batch.environments import make_instance_profile, on_instances, settled, trust
from services.lacking import Lacking

Make = Callable[..., Any]


@pytest.fixture(scope="session")
def serving(lacking: Lacking) -> Serving:
    """The server of these tests alone, whose policies they change."""
    return lacking.serving


@pytest.fixture
def on_fleet(aws: Make) -> Make:
    """`on_fleet(minvCpus=2)`: computeResources of an environment with a Spot Fleet request."""

    def make(**changes: Any) -> Any:
        aws("iam").create_role(RoleName="fleet", AssumeRolePolicyDocument=trust("spotfleet.amazonaws.com"))
        return on_instances(aws, type="SPOT", spotIamFleetRole="fleet", **changes)

    return make


@pytest.fixture
def instances(aws: Make, batch: Any, wait_for: Make) -> Make:
    """`instances()`: a queue on a VALID EC2 environment named `ec2`, and a definition named `work`."""

    def make(resources: Any = None) -> str:
        make_instance_profile(aws)
        batch.create_compute_environment(
            computeEnvironmentName="ec2", type="MANAGED", computeResources=resources or on_instances(aws)
        )
        assert settled(batch, "ec2")["status"] == "VALID"
        order = [{"order": 1, "computeEnvironment": "ec2"}]
        batch.create_job_queue(jobQueueName="ec2", priority=1, computeEnvironmentOrder=order)
        batch.register_job_definition(
            jobDefinitionName="work",
            type="container",
            containerProperties={"image": "busybox", "command": ["true"], "vcpus": 1, "memory": 64},
        )
        wait_for(lambda: batch.describe_job_queues(jobQueues=["ec2"])["jobQueues"][0]["status"] == "VALID")
        return "ec2"

    return make
