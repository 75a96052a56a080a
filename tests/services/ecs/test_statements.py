"""Remove the statement of AmazonECSServiceRolePolicy that is used: no instance joins a cluster until it is back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from conftest import Serving
from services.conftest import Deny
from services.lacking import Lacking, removes

POLICY = "AmazonECSServiceRolePolicy"


@pytest.fixture(scope="session")
def serving(lacking: Lacking) -> Serving:
    """The server of these tests alone, whose policies they change."""
    return lacking.serving


@removes(POLICY, (1, "ec2:DescribeInstances"))
def test_an_instance_that_the_role_may_not_look_at_does_not_join(
    ecs: Any,
    launch: Callable[..., str],
    profile: Callable[..., str],
    joined: Callable[..., Any],
    without: Deny,
    lacking: Lacking,
    number: int,
    action: str,
) -> None:
    """As AWS's agent that can't register: the instance runs, the cluster does not know it, nothing is placed."""
    ecs.create_cluster(clusterName="c")
    name = profile()
    denied = without(POLICY, number, action)
    instance = launch("c", name)
    denied.expect(action, tables=("ecs_",))
    assert ecs.list_container_instances(cluster="c")["containerInstanceArns"] == []
    container = {"name": "default", "image": "b", "command": ["true"], "memory": 64}
    ecs.register_task_definition(family="work", containerDefinitions=[container])
    with pytest.raises(ecs.exceptions.InvalidParameterException, match="No Container Instances were found"):
        ecs.run_task(cluster="c", taskDefinition="work")
    lacking.mend()
    assert joined()["ec2InstanceId"] == instance
