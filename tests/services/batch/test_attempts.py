"""Attempts: exit codes, retries with evaluateOnExit, what the container is given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

Make = Callable[..., Any]


def test_a_failing_job_fails_with_its_exit_code(submit: Make, reached: Make) -> None:
    job = reached(submit("exit 3"))
    assert job["status"] == "FAILED"
    assert job["statusReason"] == "Essential container in task exited"
    assert job["container"]["exitCode"] == 3
    [attempt] = job["attempts"]
    assert attempt["container"]["exitCode"] == 3
    assert attempt["container"]["taskArn"] == job["container"]["taskArn"]
    assert attempt["statusReason"] == "Essential container in task exited"
    assert attempt["startedAt"] <= attempt["stoppedAt"] == job["stoppedAt"]


def test_attempts_are_numbered_and_each_is_a_task_of_its_own(submit: Make, reached: Make) -> None:
    job = reached(submit("[ $AWS_BATCH_JOB_ATTEMPT = 3 ] || exit 7", retryStrategy={"attempts": 5}))
    assert job["status"] == "SUCCEEDED"
    assert [one["container"]["exitCode"] for one in job["attempts"]] == [7, 7, 0]
    assert len({one["container"]["taskArn"] for one in job["attempts"]}) == 3


def test_attempts_run_out(submit: Make, reached: Make) -> None:
    job = reached(submit("exit 7", retryStrategy={"attempts": 2}))
    assert job["status"] == "FAILED"
    assert len(job["attempts"]) == 2


@pytest.mark.parametrize(
    ("rules", "attempts"),
    [
        ([{"onExitCode": "7", "action": "EXIT"}], 1),
        ([{"onExitCode": "7", "action": "exit"}], 1),
        ([{"onExitCode": "7*", "onReason": "nothing like that", "action": "EXIT"}], 3),
        (
            [
                {"onStatusReason": "Essential container*", "action": "EXIT"},
                {"onExitCode": "7", "action": "RETRY"},
            ],
            1,
        ),
        ([{"onExitCode": "7", "action": "RETRY"}, {"onExitCode": "*", "action": "EXIT"}], 3),
    ],
)
def test_the_first_rule_that_matches_decides(submit: Make, reached: Make, rules: Any, attempts: int) -> None:
    job = reached(submit("exit 7", retryStrategy={"attempts": 3, "evaluateOnExit": rules}))
    assert job["status"] == "FAILED"
    assert len(job["attempts"]) == attempts


def test_the_request_overrides_the_definitions_retry_strategy(
    define: Make, submit: Make, reached: Make, batch: Any
) -> None:
    arn = define("exit 1", retryStrategy={"attempts": 3})
    job = reached(submit(definition=arn, retryStrategy={"attempts": 1}))
    assert len(job["attempts"]) == 1
    assert job["retryStrategy"] == {"attempts": 1, "evaluateOnExit": []}
    assert len(reached(submit(definition=arn))["attempts"]) == 3


def test_a_retry_strategy_needs_attempts(submit: Make) -> None:
    with pytest.raises(
        ClientError, match="RetryAttempts must be provided with retry strategy, RequestId: "
    ) as refused:
        submit(retryStrategy={"evaluateOnExit": [{"onExitCode": "1", "action": "RETRY"}]})
    assert refused.value.response["Error"]["Code"] == "ClientException"


def test_parameters_replace_references(define: Make, submit: Make, reached: Make, said: Make) -> None:
    container = {"command": ["echo", "Ref::greeting", "--to=Ref::whom"]}
    arn = define(container=container, parameters={"greeting": "hello", "whom": "nobody"})
    job = reached(submit(definition=arn, parameters={"whom": "world"}))
    assert said(job) == ["hello --to=world"]
    assert job["parameters"] == {"greeting": "hello", "whom": "world"}
    assert job["container"]["command"] == ["echo", "hello", "--to=world"]


def test_overrides_change_command_environment_and_size(
    define: Make, submit: Make, reached: Make, said: Make, aws: Make
) -> None:
    arn = define(container={"environment": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]})
    job = reached(
        submit(
            definition=arn,
            containerOverrides={
                "command": ["/bin/sh", "-c", "echo $A $B $C"],
                "environment": [{"name": "B", "value": "two"}, {"name": "C", "value": "three"}],
                "resourceRequirements": [{"type": "MEMORY", "value": "1024"}],
            },
        )
    )
    assert said(job) == ["1 two three"]
    assert {"type": "MEMORY", "value": "1024"} in job["container"]["resourceRequirements"]
    cluster = job["container"]["taskArn"].split("/")[1]
    [task] = aws("ecs").describe_tasks(cluster=cluster, tasks=[job["container"]["taskArn"]])["tasks"]
    assert (task["cpu"], task["memory"]) == ("256", "1024")


def test_the_container_learns_who_it_is(submit: Make, reached: Make, said: Make) -> None:
    job_id = submit("env | grep ^AWS_BATCH_ | sort")
    assert said(reached(job_id)) == [
        "AWS_BATCH_CE_NAME=fargate",
        "AWS_BATCH_JOB_ATTEMPT=1",
        f"AWS_BATCH_JOB_ID={job_id}",
        "AWS_BATCH_JQ_NAME=queue",
    ]


def test_overrides_that_are_too_long_fail_the_job(submit: Make, reached: Make) -> None:
    job = reached(submit(containerOverrides={"environment": [{"name": "LONG", "value": "x" * 8193}]}))
    assert job["status"] == "FAILED"
    assert job["statusReason"] == "Container Overrides length must be at most 8192"


def test_tags_reach_the_task_only_when_they_are_propagated(
    define: Make, submit: Make, reached: Make, aws: Make
) -> None:
    arn = define(tags={"of": "definition", "both": "definition"})
    for propagate, expected in ((True, {"of": "definition", "both": "job", "job": "yes"}), (False, {})):
        job = reached(submit(definition=arn, propagateTags=propagate, tags={"both": "job", "job": "yes"}))
        task = job["container"]["taskArn"]
        answer = aws("ecs").describe_tasks(cluster=task.split("/")[1], tasks=[task], include=["TAGS"])
        assert {one["key"]: one["value"] for one in answer["tasks"][0]["tags"]} == expected
        assert job["propagateTags"] is propagate


def test_a_revision_is_one_task_definition_whatever_it_runs(
    define: Make, submit: Make, reached: Make, aws: Make
) -> None:
    arn = define()
    for _ in range(3):
        reached(submit(definition=arn))
    ecs = aws("ecs")
    [registered] = ecs.list_task_definitions(familyPrefix="work")["taskDefinitionArns"]
    shown = ecs.describe_task_definition(taskDefinition=registered, include=["TAGS"])
    assert shown["tags"] == [{"key": "AWSBatchServiceTag", "value": "batch"}]
    assert shown["taskDefinition"]["registeredBy"].endswith("assumed-role/AWSServiceRoleForBatch/aws-batch")
    [container] = shown["taskDefinition"]["containerDefinitions"]
    assert container["name"] == "default"
    assert container["logConfiguration"]["options"]["awslogs-group"] == "/aws/batch/job"


def test_two_hundred_jobs_all_succeed(define: Make, batch: Any, queue: str, wait_for: Make) -> None:
    arn = define("true")
    ids = [batch.submit_job(jobName=f"n{n}", jobQueue=queue, jobDefinition=arn)["jobId"] for n in range(200)]

    def ended() -> list[str]:
        halves = (ids[:100], ids[100:])
        jobs = [job for half in halves for job in batch.describe_jobs(jobs=half)["jobs"]]
        statuses = [job["status"] for job in jobs]
        return statuses if set(statuses) <= {"SUCCEEDED", "FAILED"} else []

    assert wait_for(ended, seconds=60) == ["SUCCEEDED"] * 200
