"""RunTask: what is accepted, what is refused, the same call twice; and the listings of tasks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from services.ecs.conftest import NETWORK
from services.ecs.refusals import refused


@pytest.fixture
def request_of(ecs: Any, fargate: Callable[..., str]) -> dict[str, Any]:
    """A valid RunTask on a cluster that is there."""
    ecs.create_cluster(clusterName="c")
    return {
        "cluster": "c",
        "taskDefinition": fargate("true"),
        "launchType": "FARGATE",
        "networkConfiguration": NETWORK,
    }


def test_the_same_call_twice_runs_once(ecs: Any, request_of: dict[str, Any]) -> None:
    first = ecs.run_task(**request_of, clientToken="t", count=2)["tasks"]
    again = ecs.run_task(**request_of, clientToken="t", count=2)["tasks"]
    assert [one["taskArn"] for one in again] == [one["taskArn"] for one in first]
    code, _ = refused(ecs.run_task, **request_of, clientToken="t", count=3)
    assert code == "ConflictException"
    other = ecs.run_task(**request_of, clientToken="u", count=2)["tasks"]
    assert not {one["taskArn"] for one in other} & {one["taskArn"] for one in first}


def test_what_a_task_shows(ecs: Any, request_of: dict[str, Any], account: str) -> None:
    answer = ecs.run_task(
        **request_of,
        startedBy="me",
        tags=[{"key": "a", "value": "b"}],
        enableECSManagedTags=True,
        overrides={"containerOverrides": [{"name": "default", "command": ["true", "x"]}]},
    )
    task = answer["tasks"][0]
    assert task["taskArn"].startswith(f"arn:aws:ecs:us-east-1:{account}:task/c/")
    assert len(task["taskArn"].rsplit("/", 1)[-1]) == 32
    assert (task["desiredStatus"], task["lastStatus"]) == ("RUNNING", "PROVISIONING")
    assert (task["group"], task["startedBy"], task["launchType"]) == ("family:work", "me", "FARGATE")
    assert (task["cpu"], task["memory"]) == ("256", "512")
    assert task["overrides"]["containerOverrides"][0]["command"] == ["true", "x"]
    assert {one["key"]: one["value"] for one in task["tags"]} == {"a": "b", "aws:ecs:clusterName": "c"}
    plain = ecs.describe_tasks(cluster="c", tasks=[task["taskArn"]])["tasks"][0]
    assert plain["tags"] == []


@pytest.mark.parametrize(
    ("change", "code", "text"),
    [
        ({"cluster": "none"}, "ClusterNotFoundException", "Cluster not found."),
        ({"taskDefinition": "none"}, "ClientException", "TaskDefinition not found."),
        ({"count": 11}, "InvalidParameterException", "Task count must be between 1 and 10."),
        (
            {"networkConfiguration": {}},
            "InvalidParameterException",
            "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
        ),
        (
            {"overrides": {"containerOverrides": [{"name": "other"}]}},
            "InvalidParameterException",
            "Override for container named other is not a container in the TaskDefinition.",
        ),
        (
            {"overrides": {"containerOverrides": [{"name": "default", "environment": [{"value": "x"}]}]}},
            "InvalidParameterException",
            "Environment variable name should not be null or empty.",
        ),
        (
            {"overrides": {"containerOverrides": [{"name": "default", "command": ["x" * 8192]}]}},
            "InvalidParameterException",
            "Container Overrides length must be at most 8192",
        ),
    ],
)
def test_refusals(ecs: Any, request_of: dict[str, Any], change: Any, code: str, text: str) -> None:
    assert refused(ecs.run_task, **{**request_of, **change}) == (code, text)
    assert ecs.list_tasks(cluster="c")["taskArns"] == []


def test_an_inactive_definition_runs_nothing(ecs: Any, request_of: dict[str, Any]) -> None:
    ecs.deregister_task_definition(taskDefinition=request_of["taskDefinition"])
    assert refused(ecs.run_task, **request_of) == ("ClientException", "TaskDefinition is inactive")


@pytest.mark.parametrize(
    "change",
    [
        {"enableExecuteCommand": True},
        {"placementStrategy": [{"type": "random"}]},
        {"overrides": {"ephemeralStorage": {"sizeInGiB": 30}}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_is_not_built_is_refused_by_name(ecs: Any, request_of: dict[str, Any], change: Any) -> None:
    _, text = refused(ecs.run_task, **{**request_of, **change})
    assert f"the parameter {next(iter(change))}" in text


def test_lists_by_filter(
    ecs: Any, request_of: dict[str, Any], fargate: Callable[..., str], stopped: Callable[..., Any]
) -> None:
    other = fargate("sleep 600", family="other")
    mine = ecs.run_task(**{**request_of, "taskDefinition": other}, startedBy="me")["tasks"][0]["taskArn"]
    yours = ecs.run_task(**request_of, startedBy="you")["tasks"][0]["taskArn"]
    stopped(yours)
    assert ecs.list_tasks(cluster="c")["taskArns"] == [mine]
    assert ecs.list_tasks(cluster="c", desiredStatus="STOPPED")["taskArns"] == [yours]
    assert ecs.list_tasks(cluster="c", family="other")["taskArns"] == [mine]
    assert ecs.list_tasks(cluster="c", family="work")["taskArns"] == []
    assert ecs.list_tasks(cluster="c", startedBy="me")["taskArns"] == [mine]
    assert ecs.list_tasks(cluster="c", launchType="EC2")["taskArns"] == []
    ecs.stop_task(cluster="c", task=mine)
    stopped(mine)


def test_the_missing_and_strangers_tasks(
    ecs: Any, aws: Callable[..., Any], request_of: dict[str, Any]
) -> None:
    task = ecs.run_task(**request_of)["tasks"][0]["taskArn"]
    ecs.create_cluster(clusterName="d")
    for arn in (task.replace("/c/", "/d/"), "0" * 32):
        answer = ecs.describe_tasks(cluster="d", tasks=[arn])
        assert (answer["tasks"], [one["reason"] for one in answer["failures"]]) == ([], ["MISSING"])
    assert refused(ecs.stop_task, cluster="d", task=task) == (
        "InvalidParameterException",
        "The referenced task was not found.",
    )
    assert refused(ecs.describe_tasks, cluster="c", tasks=[]) == (
        "InvalidParameterException",
        "Tasks cannot be empty.",
    )


def test_the_definition_and_the_cluster_decide(
    request_of: dict[str, Any], user_client: Callable[..., Any], role: str, account: str
) -> None:
    def policy(cluster: str) -> dict[str, Any]:
        return {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": "ecs:RunTask",
                    "Resource": f"arn:aws:ecs:*:{account}:task-definition/work:*",
                    "Condition": {
                        "ArnEquals": {"ecs:cluster": f"arn:aws:ecs:us-east-1:{account}:cluster/{cluster}"}
                    },
                },
                {"Effect": "Allow", "Action": "iam:PassRole", "Resource": role},
            ],
        }

    assert len(user_client("ecs", policy("c")).run_task(**request_of)["tasks"]) == 1
    code, text = refused(user_client("ecs", policy("d")).run_task, **request_of)
    assert code == "AccessDeniedException"
    assert f"ecs:RunTask on resource: {request_of['taskDefinition']}" in text


@pytest.mark.parametrize("call", ["run_task", "start_task"])
def test_what_the_clusters_engine_does_not_make_true_is_refused_when_it_is_to_run(
    ecs: Any, call: str
) -> None:
    ecs.create_cluster(clusterName="c")
    container = {
        "name": "one",
        "image": "busybox",
        "memory": 64,
        "user": "nobody",
        "workingDirectory": "/srv",
    }
    definition = ecs.register_task_definition(family="work", containerDefinitions=[container])[
        "taskDefinition"
    ]
    assert definition["containerDefinitions"][0]["user"] == "nobody"
    where = {"containerInstances": ["0" * 32]} if call == "start_task" else {}
    with pytest.raises(ClientError, match=r"does not support `user`.*on the engine `process`") as caught:
        getattr(ecs, call)(cluster="c", taskDefinition="work", **where)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert ecs.list_tasks(cluster="c")["taskArns"] == []


def test_a_volume_that_is_not_there_is_refused_at_registration(ecs: Any) -> None:
    mounts = [{"sourceVolume": "none", "containerPath": "/a"}]
    container = {"name": "one", "image": "busybox", "memory": 64, "mountPoints": mounts}
    assert refused(ecs.register_task_definition, family="work", containerDefinitions=[container]) == (
        "ClientException",
        "Unknown volume.",
    )
