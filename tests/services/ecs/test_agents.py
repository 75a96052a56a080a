"""Instances join the cluster that their user data names, and take their tasks with them when they go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture
def launch(aws: Callable[..., Any]) -> Callable[..., str]:
    """`launch("c")`: the id of a fresh instance whose user data names that cluster."""
    ec2 = aws("ec2")

    def start(cluster: str) -> str:
        script = f"#!/bin/bash\necho ECS_CLUSTER={cluster} >> /etc/ecs/ecs.config\n"
        image = ec2.describe_images(Owners=["amazon"])["Images"][0]
        answer = ec2.run_instances(
            ImageId=image["ImageId"],
            InstanceType="c5.large" if image["Architecture"] == "x86_64" else "m6g.large",
            MinCount=1,
            MaxCount=1,
            UserData=script,
        )
        identity: str = answer["Instances"][0]["InstanceId"]
        return identity

    return start


def joined(ecs: Any, wait_for: Callable[..., Any], cluster: str = "c") -> Any:
    """The cluster's one container instance, once it is there."""

    def look() -> Any:
        arns = ecs.list_container_instances(cluster=cluster)["containerInstanceArns"]
        return arns or None

    arns = wait_for(look)
    return ecs.describe_container_instances(cluster=cluster, containerInstances=arns)["containerInstances"][0]


def test_an_instance_joins_and_leaves(
    ecs: Any,
    aws: Callable[..., Any],
    launch: Callable[..., str],
    wait_for: Callable[..., Any],
    stopped: Callable[..., Any],
) -> None:
    ecs.create_cluster(clusterName="c")
    identity = launch("c")
    instance = joined(ecs, wait_for)
    assert instance["ec2InstanceId"] == identity
    assert (instance["status"], instance["agentConnected"]) == ("ACTIVE", True)
    sizes = {one["name"]: one["integerValue"] for one in instance["registeredResources"]}
    assert (sizes["CPU"], sizes["MEMORY"]) in ((2048, 4096), (2048, 8192))
    container = {"name": "default", "image": "b", "command": ["sleep", "600"], "memory": 64}
    ecs.register_task_definition(family="work", containerDefinitions=[container])
    task = ecs.run_task(cluster="c", taskDefinition="work")["tasks"][0]["taskArn"]
    wait_for(lambda: ecs.describe_tasks(cluster="c", tasks=[task])["tasks"][0]["lastStatus"] == "RUNNING")
    aws("ec2").terminate_instances(InstanceIds=[identity])
    end = stopped(task)
    assert end["stoppedReason"] == f"Host EC2 (instance {identity}) terminated."
    assert end["stopCode"] == "TerminationNotice"
    assert "exitCode" not in end["containers"][0]
    wait_for(lambda: not ecs.list_container_instances(cluster="c")["containerInstanceArns"])
    assert ecs.describe_clusters(clusters=["c"])["clusters"][0]["registeredContainerInstancesCount"] == 0
    assert ecs.delete_cluster(cluster="c")["cluster"]["status"] == "INACTIVE"


def test_one_that_names_another_cluster_stays_away(
    ecs: Any, launch: Callable[..., str], wait_for: Callable[..., Any]
) -> None:
    ecs.create_cluster(clusterName="c")
    launch("elsewhere")
    mine = launch("c")
    assert joined(ecs, wait_for)["ec2InstanceId"] == mine
    assert len(ecs.list_container_instances(cluster="c")["containerInstanceArns"]) == 1


def test_ecs_looks_as_its_own_service_linked_role(
    ecs: Any, aws: Callable[..., Any], launch: Callable[..., str], wait_for: Callable[..., Any]
) -> None:
    ecs.create_cluster(clusterName="c")
    launch("c")
    joined(ecs, wait_for)
    lookup = [{"AttributeKey": "EventName", "AttributeValue": "DescribeInstanceAttribute"}]
    events = wait_for(lambda: aws("cloudtrail").lookup_events(LookupAttributes=lookup)["Events"])
    assert "assumed-role/AWSServiceRoleForECS/" in events[0]["CloudTrailEvent"]
