"""A task from RunTask to STOPPED: really run, with its exit code, its output and its reasons."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.conftest import client
from tests.services.ecs.seeds import add_instance

LOG = {"awslogs-group": "/x", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "p"}


def lines(logs: Any, task_arn: str, *, group: str = "/x") -> list[str]:
    """What a task has written, as CloudWatch Logs has it."""
    stream = f"p/default/{task_arn.rsplit('/', 1)[-1]}"
    answer = logs.get_log_events(logGroupName=group, logStreamName=stream, startFromHead=True)
    return [event["message"] for event in answer["events"]]


@pytest.fixture(autouse=True)
def cluster(ecs: Any, logs: Any) -> None:
    """The cluster and the log group of every test here."""
    ecs.create_cluster(clusterName="c")
    logs.create_log_group(logGroupName="/x")


def test_runs_and_stops_with_output(
    ecs: Any, logs: Any, fargate: Callable[..., str], run: Callable[..., str], stopped: Callable[..., Any]
) -> None:
    greeting = [{"name": "GREETING", "value": "hola"}]
    task = run(
        fargate("echo hello; echo $GREETING in $AWS_REGION; exit 3", group="/x"),
        overrides={"containerOverrides": [{"name": "default", "environment": greeting}]},
    )
    end = stopped(task)
    assert end["stopCode"] == "EssentialContainerExited"
    assert end["stoppedReason"] == "Essential container in task exited"
    assert end["containers"][0]["exitCode"] == 3
    assert end["containers"][0]["lastStatus"] == "STOPPED"
    assert end["createdAt"] <= end["startedAt"]
    assert end["executionStoppedAt"] <= end["stoppedAt"]
    assert lines(logs, task) == ["hello", "hola in us-east-1"]
    seen = ecs.describe_clusters(clusters=["c"])["clusters"][0]
    assert (seen["runningTasksCount"], seen["pendingTasksCount"]) == (0, 0)


def test_output_is_there_while_it_runs(
    ecs: Any,
    logs: Any,
    fargate: Callable[..., str],
    run: Callable[..., str],
    stopped: Callable[..., Any],
    wait_for: Callable[..., Any],
) -> None:
    task = run(fargate("echo one; read x < /dev/null; exec sleep 600", group="/x"))
    wait_for(lambda: ecs.describe_tasks(cluster="c", tasks=[task])["tasks"][0]["lastStatus"] == "RUNNING")
    wait_for(lambda: lines(logs, task) == ["one"])
    seen = ecs.describe_clusters(clusters=["c"])["clusters"][0]
    assert (seen["runningTasksCount"], seen["pendingTasksCount"]) == (1, 0)
    ecs.stop_task(cluster="c", task=task, reason="seen enough")
    end = stopped(task)
    assert end["containers"][0]["exitCode"] == 143
    assert (end["stopCode"], end["stoppedReason"]) == ("UserInitiated", "seen enough")


def test_one_that_ignores_sigterm_is_killed_after_its_stop_timeout(
    ecs: Any,
    logs: Any,
    fargate: Callable[..., str],
    run: Callable[..., str],
    stopped: Callable[..., Any],
    wait_for: Callable[..., Any],
) -> None:
    script = "trap 'echo term' TERM; echo up; while true; do sleep 0.05; done"
    task = run(fargate(script, group="/x", stopTimeout=1))
    wait_for(lambda: "up" in lines_or_none(logs, task))
    ecs.stop_task(cluster="c", task=task)
    end = stopped(task)
    assert end["containers"][0]["exitCode"] == 137
    assert (end["executionStoppedAt"] - end["stoppingAt"]).total_seconds() >= 1
    assert "term" in lines(logs, task)


def lines_or_none(logs: Any, task: str) -> list[str]:
    """The lines so far; none where the stream is not there yet."""
    try:
        return lines(logs, task)
    except logs.exceptions.ResourceNotFoundException:
        return []


def test_a_command_that_is_not_there(
    fargate: Callable[..., str], run: Callable[..., str], stopped: Callable[..., Any]
) -> None:
    end = stopped(run(fargate("", command=["/no/such/program"])))
    assert (end["stopCode"], end["stoppedReason"]) == ("TaskFailedToStart", "Task failed to start")
    assert end["containers"][0]["reason"].startswith("CannotStartContainerError")


def test_no_command_at_all(
    fargate: Callable[..., str], run: Callable[..., str], stopped: Callable[..., Any]
) -> None:
    end = stopped(run(fargate("", command=[])))
    assert end["stopCode"] == "TaskFailedToStart"
    assert "no command specified" in end["containers"][0]["reason"]
    assert "startedAt" not in end


def test_a_role_that_ecs_cannot_assume(
    aws: Callable[..., Any],
    role: str,
    fargate: Callable[..., str],
    run: Callable[..., str],
    stopped: Callable[..., Any],
) -> None:
    trust = (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",'
        '"Principal":{"Service":"ec2.amazonaws.com"}}]}'
    )
    definition = fargate("true", group="/x")
    aws("iam").update_assume_role_policy(RoleName="execution", PolicyDocument=trust)
    end = stopped(run(definition))
    assert end["stopCode"] == "TaskFailedToStart"
    assert end["stoppedReason"].startswith("ECS was unable to assume the role")


class TestLogsAsTheCaller:
    """EC2 launch type without an execution role: output is put by who called RunTask."""

    ALLOWED = ("ecs:RunTask", "ecs:DescribeTasks", "logs:CreateLogStream")

    def start(self, ecs: Any, app: Any, account: str, script: str) -> str:
        container = {
            "name": "default",
            "image": "busybox",
            "command": ["/bin/sh", "-c", script],
            "memory": 64,
            "logConfiguration": {"logDriver": "awslogs", "options": LOG},
        }
        root = ecs["root"]
        root.register_task_definition(family="say", containerDefinitions=[container])
        add_instance(app, account)
        arn: str = ecs["user"].run_task(cluster="c", taskDefinition="say")["tasks"][0]["taskArn"]
        return arn

    def policy(self, *actions: str) -> dict[str, Any]:
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        return {"Version": "2012-10-17", "Statement": [statement]}

    def test_no_stream_no_start(
        self, ecs: Any, app: Any, account: str, user_client: Callable[..., Any], stopped: Callable[..., Any]
    ) -> None:
        user = user_client("ecs", self.policy("ecs:RunTask"))
        task = self.start({"root": ecs, "user": user}, app, account, "echo never > /dev/null")
        end = stopped(task)
        assert (end["stopCode"], end["stoppedReason"]) == ("TaskFailedToStart", "Task failed to start")
        reason = end["containers"][0]["reason"]
        assert reason.startswith(
            "CannotStartContainerError: Error response from daemon: failed to initialize"
        )
        assert "is not authorized to perform: logs:CreateLogStream on resource: " in reason
        assert "exitCode" not in end["containers"][0]

    def test_output_waits_until_the_caller_may_put_it(
        self,
        ecs: Any,
        logs: Any,
        app: Any,
        account: str,
        aws: Callable[..., Any],
        user: Callable[..., Any],
        endpoint: str,
        stopped: Callable[..., Any],
        wait_for: Callable[..., Any],
    ) -> None:
        made = user(self.policy(*self.ALLOWED))
        caller = client(endpoint, "ecs", access_key=made["key"], secret=made["secret"])
        task = self.start({"root": ecs, "user": caller}, app, account, "echo kept; exit 2")
        end = stopped(task)
        assert end["containers"][0]["exitCode"] == 2
        assert lines(logs, task) == []
        healed = self.policy(*self.ALLOWED, "logs:PutLogEvents")
        aws("iam").put_user_policy(
            UserName=made["name"], PolicyName="inline", PolicyDocument=json.dumps(healed)
        )
        wait_for(lambda: lines(logs, task) == ["kept"])

    def test_the_group_must_be_there(
        self, ecs: Any, logs: Any, app: Any, account: str, stopped: Callable[..., Any]
    ) -> None:
        logs.delete_log_group(logGroupName="/x")
        task = self.start({"root": ecs, "user": ecs}, app, account, "true")
        reason = stopped(task)["containers"][0]["reason"]
        assert "ResourceNotFoundException: The specified log group does not exist." in reason
