"""Task definitions: revisions, what they say, what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from services.ecs.refusals import refused

CONTAINER = {"name": "default", "image": "busybox", "command": ["true"], "memory": 64}


def register(ecs: Any, family: str = "work", **request: Any) -> Any:
    """A revision with one small container, as DescribeTaskDefinition shows it."""
    return ecs.register_task_definition(family=family, containerDefinitions=[CONTAINER], **request)[
        "taskDefinition"
    ]


def test_revisions_count_up_and_are_never_used_again(ecs: Any, account: str) -> None:
    assert register(ecs)["revision"] == 1
    second = register(ecs)
    assert second["taskDefinitionArn"] == f"arn:aws:ecs:us-east-1:{account}:task-definition/work:2"
    assert second["status"] == "ACTIVE"
    assert second["registeredBy"].endswith(":root")
    gone = ecs.deregister_task_definition(taskDefinition="work:2")["taskDefinition"]
    assert gone["status"] == "INACTIVE"
    assert gone["deregisteredAt"] >= gone["registeredAt"]
    assert ecs.describe_task_definition(taskDefinition="work")["taskDefinition"]["revision"] == 1
    assert ecs.describe_task_definition(taskDefinition="work:2")["taskDefinition"]["status"] == "INACTIVE"
    assert register(ecs)["revision"] == 3


def test_defaults_are_filled_in_and_sizes_are_made_uniform(ecs: Any) -> None:
    made = register(ecs, cpu="1 vCPU", memory="2GB")
    assert (made["cpu"], made["memory"]) == ("1024", "2048")
    container = made["containerDefinitions"][0]
    assert container["essential"] is True
    assert container["cpu"] == 0
    assert made["compatibilities"] == ["EXTERNAL", "EC2"]


def test_lists(ecs: Any, account: str) -> None:
    for family in ("a", "a", "b"):
        register(ecs, family)
    prefix = f"arn:aws:ecs:us-east-1:{account}:task-definition/"
    assert ecs.list_task_definitions()["taskDefinitionArns"] == [
        prefix + one for one in ("a:1", "a:2", "b:1")
    ]
    assert ecs.list_task_definitions(sort="DESC", maxResults=2)["taskDefinitionArns"] == [
        prefix + one for one in ("b:1", "a:2")
    ]
    paginator = ecs.get_paginator("list_task_definitions")
    pages = list(paginator.paginate(sort="DESC", PaginationConfig={"PageSize": 1}))
    assert [page["taskDefinitionArns"][0][len(prefix) :] for page in pages] == ["b:1", "a:2", "a:1"]
    ecs.deregister_task_definition(taskDefinition="b:1")
    assert ecs.list_task_definitions(familyPrefix="b")["taskDefinitionArns"] == []
    assert ecs.list_task_definitions(status="INACTIVE")["taskDefinitionArns"] == [prefix + "b:1"]
    assert ecs.list_task_definition_families(status="ACTIVE")["families"] == ["a"]
    assert ecs.list_task_definition_families(status="INACTIVE")["families"] == ["b"]
    assert ecs.list_task_definition_families(familyPrefix="a", status="ALL")["families"] == ["a"]


def test_tags_come_with_include(ecs: Any) -> None:
    register(ecs, tags=[{"key": "a", "value": "b"}])
    assert "tags" not in ecs.describe_task_definition(taskDefinition="work")
    shown = ecs.describe_task_definition(taskDefinition="work", include=["TAGS"])
    assert shown["tags"] == [{"key": "a", "value": "b"}]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"name": None}, "Container.name should not be null or empty."),
        ({"image": None}, "Container.image should not be null or empty."),
        ({"environment": [{"value": "x"}]}, "Environment variable name should not be null or empty."),
        (
            {"resourceRequirements": [{"type": "GPU", "value": "many"}]},
            "Invalid setting for container 'default'. GPU value 'many' is not a whole number.",
        ),
        (
            {"memory": None},
            "Invalid setting for container 'default'. At least one of 'memory' or 'memoryReservation' must be"
            " specified.",
        ),
        (
            {"memoryReservation": 128},
            "Invalid setting for container 'default'. The 'memory' hard limit must be greater than"
            " 'memoryReservation'.",
        ),
    ],
)
def test_refused_containers(ecs: Any, change: dict[str, Any], text: str) -> None:
    container = {name: value for name, value in {**CONTAINER, **change}.items() if value is not None}
    assert refused(ecs.register_task_definition, family="work", containerDefinitions=[container]) == (
        "ClientException",
        text,
    )
    assert ecs.list_task_definitions()["taskDefinitionArns"] == []


@pytest.mark.parametrize(
    "change",
    [
        {"secrets": [{"name": "a", "valueFrom": "b"}]},
        {"linuxParameters": {"capabilities": {"add": ["SYS_PTRACE"]}}},
        {"logConfiguration": {"logDriver": "splunk"}},
        {
            "resourceRequirements": [
                {"type": "GPU", "value": "1", "sharingStrategy": {"nvidiaMps": {"memory": 1}}}
            ]
        },
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_the_engine_cannot_do_is_refused_by_name(ecs: Any, change: dict[str, Any]) -> None:
    container = {**CONTAINER, **change}
    _, text = refused(ecs.register_task_definition, family="work", containerDefinitions=[container])
    assert "does not support" in text
    named = next(iter(change))
    assert named in text or "log driver" in text


def test_fargate_sizes_and_network(ecs: Any) -> None:
    def fargate(**request: Any) -> tuple[str, str]:
        return refused(
            ecs.register_task_definition,
            family="work",
            containerDefinitions=[CONTAINER],
            requiresCompatibilities=["FARGATE"],
            **request,
        )

    assert fargate(cpu="256", memory="512")[1] == "Fargate only supports network mode ‘awsvpc’."
    assert (
        "No Fargate configuration exists for given values: 256 CPU, 64 memory."
        in (fargate(cpu="256", memory="64", networkMode="awsvpc")[1])
    )


def test_handing_over_a_role_needs_pass_role(
    ecs: Any, user_client: Callable[..., Any], role: str, account: str
) -> None:
    def policy(passed_to: str) -> dict[str, Any]:
        return {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": "ecs:*", "Resource": "*"},
                {
                    "Effect": "Allow",
                    "Action": "iam:PassRole",
                    "Resource": role,
                    "Condition": {"StringEquals": {"iam:PassedToService": passed_to}},
                },
            ],
        }

    wrong = user_client("ecs", policy("ec2.amazonaws.com"))
    request = {"family": "work", "containerDefinitions": [CONTAINER], "taskRoleArn": "execution"}
    code, text = refused(wrong.register_task_definition, **request)
    assert code == "AccessDeniedException"
    assert f"iam:PassRole on resource: {role}" in text
    right = user_client("ecs", policy("ecs-tasks.amazonaws.com"))
    assert right.register_task_definition(**request)["taskDefinition"]["taskRoleArn"] == role


def test_missing(ecs: Any) -> None:
    assert refused(ecs.describe_task_definition, taskDefinition="none") == (
        "ClientException",
        "Unable to describe task definition.",
    )
