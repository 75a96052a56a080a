"""Launch type EC2: tasks on container instances, with what they take of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from services.ecs.refusals import refused
from services.ecs.seeds import add_instance

SLEEP = {"name": "default", "image": "busybox", "command": ["sleep", "600"], "cpu": 1024, "memory": 1000}


@pytest.fixture
def definition(ecs: Any) -> str:
    """A task that takes one vCPU and 1000 MiB and sleeps."""
    ecs.create_cluster(clusterName="c")
    made = ecs.register_task_definition(family="sleep", containerDefinitions=[SLEEP])
    arn: str = made["taskDefinition"]["taskDefinitionArn"]
    return arn


def left(ecs: Any, instance: str) -> dict[str, Any]:
    """The remaining resources of an instance, with its task counts."""
    answer = ecs.describe_container_instances(cluster="c", containerInstances=[instance])
    shown = answer["containerInstances"][0]
    resources = {
        one["name"]: one.get("stringSetValue", one["integerValue"]) for one in shown["remainingResources"]
    }
    return {**resources, "tasks": shown["runningTasksCount"] + shown["pendingTasksCount"]}


def test_takes_and_gives_back_room(
    ecs: Any, app: Any, account: str, definition: str, stopped: Callable[..., Any]
) -> None:
    instance = add_instance(app, account, cpu=2048, memory=4096)
    answer = ecs.run_task(cluster="c", taskDefinition="sleep", count=3)
    assert len(answer["tasks"]) == 2
    arn = f"arn:aws:ecs:us-east-1:{account}:container-instance/c/{instance}"
    assert answer["failures"] == [{"arn": arn, "reason": "RESOURCE:CPU"}]
    assert answer["tasks"][0]["containerInstanceArn"] == arn
    assert answer["tasks"][0]["lastStatus"] == "PENDING"
    seen = left(ecs, instance)
    assert (seen["CPU"], seen["MEMORY"], seen["tasks"]) == (0, 2096, 2)
    for task in answer["tasks"]:
        ecs.stop_task(cluster="c", task=task["taskArn"], reason="enough")
        end = stopped(task["taskArn"])
        assert (end["stopCode"], end["stoppedReason"]) == ("UserInitiated", "enough")
    seen = left(ecs, instance)
    assert (seen["CPU"], seen["MEMORY"], seen["tasks"]) == (2048, 4096, 0)


def test_reasons_and_the_tightest_fit(ecs: Any, app: Any, account: str, definition: str) -> None:
    assert refused(ecs.run_task, cluster="c", taskDefinition="sleep") == (
        "InvalidParameterException",
        "No Container Instances were found in your cluster.",
    )
    add_instance(app, account, cpu=8192, memory=8192)
    tight = add_instance(app, account, cpu=1024, memory=1024)
    placed = ecs.run_task(cluster="c", taskDefinition="sleep")["tasks"][0]["containerInstanceArn"]
    assert placed.endswith(tight)
    override = {"containerOverrides": [{"name": "default", "cpu": 1, "memory": 9000}]}
    reasons = {
        one["reason"]
        for one in ecs.run_task(cluster="c", taskDefinition="sleep", overrides=override)["failures"]
    }
    assert reasons == {"RESOURCE:CPU", "RESOURCE:MEMORY"}


def test_gpus(ecs: Any, app: Any, account: str, definition: str) -> None:
    instance = add_instance(app, account, cpu=4096, memory=8192, gpus=2)
    need = [{"type": "GPU", "value": "2"}]
    override = {"containerOverrides": [{"name": "default", "resourceRequirements": need}]}
    task = ecs.run_task(cluster="c", taskDefinition="sleep", overrides=override)["tasks"][0]
    assert task["containers"][0]["gpuIds"] == ["GPU-0", "GPU-1"]
    assert left(ecs, instance)["GPU"] == []
    again = ecs.run_task(cluster="c", taskDefinition="sleep", overrides=override)
    assert [one["reason"] for one in again["failures"]] == ["RESOURCE:GPU"]


def test_start_task_names_its_instance(ecs: Any, app: Any, account: str, definition: str) -> None:
    first, second = (add_instance(app, account, cpu=1024) for _ in range(2))
    answer = ecs.start_task(cluster="c", taskDefinition="sleep", containerInstances=[first, second, "none"])
    assert len(answer["tasks"]) == 2
    assert [one["reason"] for one in answer["failures"]] == ["MISSING"]
    again = ecs.start_task(cluster="c", taskDefinition="sleep", containerInstances=[first])
    assert [one["reason"] for one in again["failures"]] == ["RESOURCE:CPU"]


def test_draining_and_deregistering(
    ecs: Any, app: Any, account: str, definition: str, stopped: Callable[..., Any]
) -> None:
    instance = add_instance(app, account)
    arn = ecs.list_container_instances(cluster="c")["containerInstanceArns"][0]
    task = ecs.run_task(cluster="c", taskDefinition="sleep")["tasks"][0]["taskArn"]
    drained = ecs.update_container_instances_state(
        cluster="c", containerInstances=[instance], status="DRAINING"
    )
    assert drained["containerInstances"][0]["status"] == "DRAINING"
    assert ecs.run_task(cluster="c", taskDefinition="sleep")["tasks"] == []
    assert refused(ecs.delete_cluster, cluster="c") == (
        "ClusterContainsContainerInstancesException",
        "The Cluster cannot be deleted while Container Instances are active or draining.",
    )
    assert refused(ecs.deregister_container_instance, cluster="c", containerInstance=instance) == (
        "InvalidParameterException",
        "Found running tasks on the instance.",
    )
    gone = ecs.deregister_container_instance(cluster="c", containerInstance=arn, force=True)
    assert gone["containerInstance"]["status"] == "INACTIVE"
    assert ecs.list_container_instances(cluster="c")["containerInstanceArns"] == []
    assert refused(ecs.delete_cluster, cluster="c") == (
        "ClusterContainsTasksException",
        "The Cluster cannot be deleted while Tasks are active.",
    )
    ecs.stop_task(cluster="c", task=task)
    stopped(task)
    assert ecs.delete_cluster(cluster="c")["cluster"]["status"] == "INACTIVE"
