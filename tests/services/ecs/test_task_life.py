"""A task from RunTask to STOPPED: really run, with its exit code, its output and its reasons."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def lines(logs: Any, group: str, stream: str) -> list[str]:
    """The messages of a stream."""
    answer = logs.get_log_events(logGroupName=group, logStreamName=stream, startFromHead=True)
    return [event["message"] for event in answer["events"]]


def test_runs_and_stops_with_output(
    ecs: Any, logs: Any, fargate: Callable[..., str], run: Callable[..., str], stopped: Callable[..., Any]
) -> None:
    ecs.create_cluster(clusterName="c")
    logs.create_log_group(logGroupName="/x")
    task = run(
        fargate("echo hello; echo $GREETING in $AWS_REGION; exit 3", group="/x"),
        overrides={
            "containerOverrides": [
                {"name": "default", "environment": [{"name": "GREETING", "value": "hola"}]}
            ]
        },
    )
    end = stopped(task)
    assert end["stopCode"] == "EssentialContainerExited"
    assert end["stoppedReason"] == "Essential container in task exited"
    assert end["containers"][0]["exitCode"] == 3
    assert end["containers"][0]["lastStatus"] == "STOPPED"
    assert end["createdAt"] <= end["startedAt"] <= end["executionStoppedAt"] <= end["stoppedAt"]
    stream = f"p/default/{task.rsplit('/')[-1]}"
    assert lines(logs, "/x", stream) == ["hello", "hola in us-east-1"]
    cluster = ecs.describe_clusters(clusters=["c"])["clusters"][0]
    assert (cluster["runningTasksCount"], cluster["pendingTasksCount"]) == (0, 0)
