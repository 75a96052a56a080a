"""Tasks over time: in the order they came, across a restart, stopped by the clock, swept after an hour."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from batchyard.config import Settings
from conftest import Serving, client

CONTAINER = {"name": "default", "image": "busybox", "memory": 64}
NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}
ACCOUNT = "210987654321"


class House:
    """A server of this test's own on one directory, which can be closed and opened again."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.serving = self._open()

    def _open(self) -> Serving:
        settings = Settings(data_dir=self._directory, port=0, pace=0.02, slots=1, test_clock=True)
        return Serving(settings)

    def reopen(self) -> None:
        self.serving.close()
        self.serving = self._open()

    def client(self, service: str) -> Any:
        return client(self.serving.endpoint, service, access_key=ACCOUNT)

    def advance(self, seconds: float) -> None:
        self.serving.app.clock.advance(seconds)  # type: ignore[attr-defined]

    def run(self, script: str, **container: Any) -> str:
        ecs = self.client("ecs")
        definition = ecs.register_task_definition(
            family="work",
            requiresCompatibilities=["FARGATE"],
            networkMode="awsvpc",
            cpu="256",
            memory="512",
            containerDefinitions=[{**CONTAINER, "command": ["/bin/sh", "-c", script], **container}],
        )["taskDefinition"]["taskDefinitionArn"]
        answer = ecs.run_task(taskDefinition=definition, launchType="FARGATE", networkConfiguration=NETWORK)
        arn: str = answer["tasks"][0]["taskArn"]
        return arn

    def task(self, arn: str) -> Any:
        answer = self.client("ecs").describe_tasks(tasks=[arn])
        return answer["tasks"][0] if answer["tasks"] else None

    def status(self, arn: str) -> str:
        status: str = self.task(arn)["lastStatus"]
        return status


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A server with one slot, a clock to advance, and the default cluster."""
    one = House(tmp_path / "data")
    one.client("ecs").create_cluster()
    yield one
    one.serving.app.reset(None)
    one.serving.close()


def test_those_that_wait_run_in_their_order(
    house: House, tmp_path: Path, wait_for: Callable[..., Any]
) -> None:
    gate, diary = tmp_path / "gate", tmp_path / "diary"
    first = house.run(f"echo 0 >> {diary}; until [ -e {gate} ]; do sleep 0.02; done")
    wait_for(lambda: house.status(first) == "RUNNING")
    others = [house.run(f"echo {number} >> {diary}") for number in (1, 2, 3)]
    cancelled = house.run(f"echo never >> {diary}")
    house.client("ecs").stop_task(task=cancelled)
    wait_for(lambda: house.status(cancelled) == "STOPPED")
    assert {house.status(one) for one in others} == {"PENDING"}
    gate.touch()
    wait_for(lambda: {house.status(one) for one in others} == {"STOPPED"})
    assert diary.read_text().split() == ["0", "1", "2", "3"]
    assert "startedAt" not in house.task(cancelled)


def test_a_running_task_outlives_the_server_and_ends_truthfully(
    house: House, tmp_path: Path, wait_for: Callable[..., Any]
) -> None:
    gate, diary = tmp_path / "gate", tmp_path / "diary"
    running = house.run(f"echo begin >> {diary}; until [ -e {gate} ]; do sleep 0.02; done; exit 7")
    wait_for(lambda: house.status(running) == "RUNNING")
    waiting = house.run(f"echo then >> {diary}")
    wait_for(lambda: house.status(waiting) == "PENDING")
    house.serving.close()
    gate.touch()
    house.serving = house._open()
    wait_for(lambda: house.status(running) == "STOPPED")
    assert house.task(running)["containers"][0]["exitCode"] == 7
    wait_for(lambda: house.status(waiting) == "STOPPED")
    assert diary.read_text().split() == ["begin", "then"]


@pytest.mark.parametrize("turned_back", [0, 20, 3600])
def test_sigkill_comes_thirty_seconds_after_sigterm_by_the_clock(
    house: House,
    tmp_path: Path,
    wait_for: Callable[..., Any],
    turn_back: Callable[..., None],
    turned_back: float,
) -> None:
    """Also where the machine's clock is set back meanwhile, by so many seconds."""
    up, asked = tmp_path / "up", tmp_path / "asked"
    task = house.run(f"trap 'touch {asked}' TERM; touch {up}; while true; do sleep 0.02; done")
    wait_for(up.exists)
    house.client("ecs").stop_task(task=task)
    wait_for(asked.exists)
    turn_back(house.serving.app, turned_back)
    house.advance(28)
    wait_for(house.serving.app.driver.is_idle)
    assert house.status(task) == "RUNNING"
    house.advance(3)
    wait_for(lambda: house.status(task) == "STOPPED")
    assert house.task(task)["containers"][0]["exitCode"] == 137


def test_a_stopped_task_is_forgotten_after_an_hour(house: House, wait_for: Callable[..., Any]) -> None:
    task = house.run("true")
    wait_for(lambda: house.status(task) == "STOPPED")
    house.advance(3590)
    wait_for(house.serving.app.driver.is_idle)
    assert house.task(task) is not None
    house.client("ecs").create_cluster(clusterName="brief")
    house.client("ecs").delete_cluster(cluster="brief")
    house.advance(15)
    wait_for(lambda: house.task(task) is None)
    assert house.client("ecs").describe_clusters(clusters=["brief"])["failures"] == []
    house.advance(3700)
    wait_for(lambda: house.client("ecs").describe_clusters(clusters=["brief"])["failures"])


def test_a_reset_gives_the_slots_to_others(house: House, wait_for: Callable[..., Any]) -> None:
    hog = house.run("exec sleep 600")
    wait_for(lambda: house.status(hog) == "RUNNING")
    other = client(house.serving.endpoint, "ecs", access_key="999999999999")
    other.create_cluster()
    other.register_task_definition(
        family="work",
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        containerDefinitions=[{**CONTAINER, "command": ["true"]}],
    )
    request = {"taskDefinition": "work", "launchType": "FARGATE", "networkConfiguration": NETWORK}
    waiting = other.run_task(**request)["tasks"][0]["taskArn"]

    def status() -> str:
        found: str = other.describe_tasks(tasks=[waiting])["tasks"][0]["lastStatus"]
        return found

    wait_for(house.serving.app.driver.is_idle)
    assert status() == "PENDING"
    house.serving.app.reset(ACCOUNT)
    wait_for(lambda: status() == "STOPPED")


def test_a_full_line_does_not_keep_other_accounts_waiting(
    house: House, tmp_path: Path, wait_for: Callable[..., Any]
) -> None:
    """One account has more tasks than the engine is told of at once; another one's task is soon among them."""
    gate = tmp_path / "gate"
    first = house.run(f"until [ -e {gate} ]; do sleep 0.02; done")
    wait_for(lambda: house.status(first) == "RUNNING")
    request = {"taskDefinition": "work", "launchType": "FARGATE", "networkConfiguration": NETWORK}
    many = [
        task["taskArn"]
        for _ in range(10)
        for task in house.client("ecs").run_task(count=10, **request)["tasks"]
    ]
    other = client(house.serving.endpoint, "ecs", access_key="999999999999")
    other.create_cluster()
    other.register_task_definition(
        family="work",
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        containerDefinitions=[{**CONTAINER, "command": ["true"]}],
    )
    theirs = other.run_task(**request)["tasks"][0]["taskArn"]
    wait_for(house.serving.app.driver.is_idle)
    gate.touch()
    wait_for(lambda: house.status(many[-1]) == "STOPPED", seconds=40)
    told = other.describe_tasks(tasks=[theirs])["tasks"][0]
    described = house.client("ecs").describe_tasks(tasks=many)["tasks"]
    window = house.serving.app.engine.capacity().window
    assert sum(one["startedAt"] < told["startedAt"] for one in described) <= window + 1
