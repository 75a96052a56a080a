"""The server dies by SIGKILL while tasks start, run and end: each runs once and ends truthfully, no line is lost."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import client

ACCOUNT = "210987654321"
TASKS = 20


class Served:
    """`batchyard serve` as a process of its own on one data directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.start()

    def start(self) -> None:
        arguments = ["serve", "--port", "0", "--data-dir", str(self._directory), "--output", "json"]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "batchyard", *arguments, "--slots", str(TASKS)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout is not None
        self.endpoint: str = json.loads(self._process.stdout.readline())["endpoint"]

    def client(self, service: str) -> Any:
        return client(self.endpoint, service, access_key=ACCOUNT)

    def end(self, number: int) -> None:
        os.kill(self._process.pid, number)
        assert self._process.stdout is not None
        self._process.wait(20)
        self._process.stdout.close()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A server that a test may kill."""
    one = Served(tmp_path / "data")
    yield one
    one.end(signal.SIGTERM)


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 8))])
def test_every_task_runs_once_and_ends_truthfully(
    served: Served, tmp_path: Path, wait_for: Callable[..., Any], seed: int
) -> None:
    diary = tmp_path / "diary"
    diary.mkdir()
    ecs = served.client("ecs")
    ecs.create_cluster()
    served.client("logs").create_log_group(logGroupName="/x")
    add_role_and_definition(served, diary)
    arns: list[str] = []
    while len(arns) < TASKS:
        arns += [one["taskArn"] for one in run(ecs, len(arns))]
    chance = random.Random(seed)
    for _ in range(2):
        # Not a wait for anything: the moment of death is what varies.
        time.sleep(chance.uniform(0.05, 0.7))
        served.end(signal.SIGKILL)
        served.start()
    (diary / "gate").touch()

    def all_stopped() -> Any:
        tasks = served.client("ecs").describe_tasks(tasks=arns)["tasks"]
        return tasks if {one["lastStatus"] for one in tasks} == {"STOPPED"} else None

    tasks = wait_for(all_stopped, seconds=40)
    assert [one["containers"][0].get("exitCode") for one in tasks] == [5] * TASKS
    assert {one["stoppedReason"] for one in tasks} == {"Essential container in task exited"}
    names = [path.name for path in diary.iterdir() if path.name != "gate"]
    assert len(names) == TASKS
    assert all((diary / name).read_text() == "begin\nend\n" for name in names)
    logs = served.client("logs")
    for arn in arns:
        stream = f"p/default/{arn.rsplit('/', 1)[-1]}"
        events = logs.get_log_events(logGroupName="/x", logStreamName=stream, startFromHead=True)["events"]
        lines = [event["message"] for event in events]
        # A line may stand there twice where the server died between putting it and noting that.
        assert sorted(set(lines), key=lines.index) == ["hello", "bye"]


def add_role_and_definition(served: Served, diary: Path) -> None:
    """A Fargate task that writes its diary and its log, waits for the gate and exits with 5."""
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"Service": "ecs-tasks.amazonaws.com"},
            }
        ],
    }
    iam = served.client("iam")
    made = iam.create_role(RoleName="execution", AssumeRolePolicyDocument=json.dumps(trust))
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "logs:*", "Resource": "*"}],
    }
    iam.put_role_policy(RoleName="execution", PolicyName="logs", PolicyDocument=json.dumps(policy))
    script = (
        f"echo begin >> {diary}/$ME; echo hello; until [ -e {diary}/gate ]; do sleep 0.05; done;"
        f" echo bye; echo end >> {diary}/$ME; exit 5"
    )
    options = {"awslogs-group": "/x", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "p"}
    served.client("ecs").register_task_definition(
        family="work",
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        executionRoleArn=made["Role"]["Arn"],
        containerDefinitions=[
            {
                "name": "default",
                "image": "busybox",
                "command": ["/bin/sh", "-c", script],
                "logConfiguration": {"logDriver": "awslogs", "options": options},
            }
        ],
    )


def run(ecs: Any, number: int) -> list[Any]:
    """One task, whose diary's name is its number."""
    environment = [{"name": "ME", "value": f"task-{number}"}]
    answer = ecs.run_task(
        taskDefinition="work",
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
        overrides={"containerOverrides": [{"name": "default", "environment": environment}]},
    )
    tasks: list[Any] = answer["tasks"]
    return tasks
