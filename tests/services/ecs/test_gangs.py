"""Gangs: tasks whose task groups say that they belong together start together, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from services.ecs.conftest import NETWORK
from services.ecs.refusals import refused

Make = Callable[..., Any]


@pytest.fixture
def member(ecs: Any, logs: Any, fargate: Make) -> Make:
    """`member("g", 1, 3, "echo hi")`: runs a task of a gang, and gives its ARN."""
    ecs.create_cluster(clusterName="c")
    logs.create_log_group(logGroupName="/gangs")

    def run(gang: str, index: int, size: int, script: str = "sleep 600", **variables: str) -> str:
        environment = [{"name": name, "value": value} for name, value in variables.items()]
        answer = ecs.run_task(
            cluster="c",
            taskDefinition=fargate(script, group="/gangs"),
            launchType="FARGATE",
            networkConfiguration=NETWORK,
            group=f"gang:{gang}:{index}/{size}",
            overrides={"containerOverrides": [{"name": "default", "environment": environment}]},
        )
        arn: str = answer["tasks"][0]["taskArn"]
        return arn

    return run


@pytest.fixture
def statuses(ecs: Any) -> Make:
    """`statuses(arns)`: the last status of each."""

    def look(arns: list[str]) -> list[str]:
        found = ecs.describe_tasks(cluster="c", tasks=arns)["tasks"]
        by_arn = {one["taskArn"]: one["lastStatus"] for one in found}
        return [by_arn[arn] for arn in arns]

    return look


def test_members_start_when_the_last_one_is_there(
    member: Make, statuses: Make, fargate: Make, ecs: Any, wait_for: Make
) -> None:
    """A task that came later and belongs to nobody runs before them."""
    first = [member("g", index, 3) for index in range(2)]
    alone = ecs.run_task(
        cluster="c", taskDefinition=fargate("true"), launchType="FARGATE", networkConfiguration=NETWORK
    )["tasks"][0]["taskArn"]
    wait_for(lambda: statuses([alone]) == ["STOPPED"])
    assert statuses(first) == ["PENDING", "PENDING"]
    everyone = [*first, member("g", 2, 3)]
    wait_for(lambda: statuses(everyone) == ["RUNNING"] * 3)


def test_a_member_is_told_the_address_of_another(
    member: Make, statuses: Make, wait_for: Make, logs: Any
) -> None:
    script = "echo main=$MAIN other=$OTHER"
    arns = [member("g", 0, 2, script, OTHER="gang:1"), member("g", 1, 2, script, MAIN="${gang:0:address}")]
    wait_for(lambda: statuses(arns) == ["STOPPED"] * 2)

    def said(arn: str) -> str:
        stream = f"p/default/{arn.rsplit('/', 1)[-1]}"
        events = logs.get_log_events(logGroupName="/gangs", logStreamName=stream)["events"]
        return " ".join(event["message"] for event in events)

    assert wait_for(lambda: said(arns[0])) == "main= other=gang:1"
    address = wait_for(lambda: said(arns[1])).removeprefix("main=").removesuffix(" other=")
    assert len(address.split(".")) == 4


def test_a_member_that_is_stopped_before_the_others_came(
    member: Make, statuses: Make, wait_for: Make, ecs: Any
) -> None:
    first = member("g", 0, 2)
    wait_for(lambda: statuses([first]) == ["PENDING"])
    ecs.stop_task(cluster="c", task=first)
    wait_for(lambda: statuses([first]) == ["STOPPED"])
    second = member("g", 1, 2)
    again = member("g", 0, 2)
    wait_for(lambda: statuses([second, again]) == ["RUNNING"] * 2)


def test_more_than_the_engine_starts_at_once_are_refused(member: Make, fargate: Make, ecs: Any) -> None:
    code, text = refused(
        ecs.run_task,
        cluster="c",
        taskDefinition=fargate("true"),
        launchType="FARGATE",
        networkConfiguration=NETWORK,
        group="gang:g:0/999",
    )
    assert (code, text) == (
        "ClientException",
        "The engine process can not start the 999 tasks of a gang at once: at most 8.",
    )
    assert ecs.list_tasks(cluster="c")["taskArns"] == []


def test_gangs_larger_than_what_is_free_take_turns(
    member: Make, statuses: Make, wait_for: Make, ecs: Any
) -> None:
    """Eight slots and two gangs of five, whose members come by turns: one runs, then the other."""
    arns: dict[str, list[str]] = {"a": [], "b": []}
    for index in range(5):
        for name, made in arns.items():
            made.append(member(name, index, 5))

    def running() -> list[str]:
        return [name for name, made in arns.items() if statuses(made) == ["RUNNING"] * 5]

    [first] = wait_for(running)
    other = "b" if first == "a" else "a"
    assert statuses(arns[other]) == ["PENDING"] * 5
    for arn in arns[first]:
        ecs.stop_task(cluster="c", task=arn)
    wait_for(lambda: statuses(arns[other]) == ["RUNNING"] * 5)


def test_a_gang_larger_than_all_places_has_its_turn_when_they_are_free(
    app: Any, member: Make, statuses: Make, wait_for: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There were more places when it came: a server may start with fewer slots."""
    controller = next(one for one in app._controllers if one.name == "ecs.tasks")
    monkeypatch.setattr(controller._windows["process"], "_size", 2)
    arns = [member("g", index, 3) for index in range(3)]
    wait_for(lambda: statuses(arns) == ["RUNNING"] * 3)
