"""Job definitions: revisions, what they refuse, how they are found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

Make = Callable[..., Any]
EC2_SIZES = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "128"}]


def register(batch: Any, name: str = "work", *, container: Any = None, **request: Any) -> Any:
    properties = {"image": "busybox", "resourceRequirements": EC2_SIZES, **(container or {})}
    return batch.register_job_definition(
        jobDefinitionName=name, type="container", containerProperties=properties, **request
    )


def refused(batch: Any, **request: Any) -> tuple[str, int]:
    with pytest.raises(ClientError) as found:
        register(batch, **request)
    response: Any = found.value.response
    return response["Error"]["Message"], response["ResponseMetadata"]["HTTPStatusCode"]


def test_revisions_count_up_and_are_never_used_again(batch: Any, account: str) -> None:
    first, second = register(batch), register(batch)
    assert (first["revision"], second["revision"]) == (1, 2)
    assert second["jobDefinitionArn"] == f"arn:aws:batch:us-east-1:{account}:job-definition/work:2"
    for given in ("work:2", first["jobDefinitionArn"]):
        batch.deregister_job_definition(jobDefinition=given)
    assert register(batch)["revision"] == 3
    shown = batch.describe_job_definitions(jobDefinitionName="work")["jobDefinitions"]
    assert [(one["revision"], one["status"]) for one in shown] == [
        (3, "ACTIVE"),
        (2, "INACTIVE"),
        (1, "INACTIVE"),
    ]


def test_a_definition_is_shown_with_every_empty_list(batch: Any) -> None:
    arn = register(
        batch,
        container={"privileged": True, "readonlyRootFilesystem": True},
        parameters={"a": "b"},
        retryStrategy={"attempts": 2},
        timeout={"attemptDurationSeconds": 60},
        tags={"k": "v"},
        propagateTags=True,
    )["jobDefinitionArn"]
    [shown] = batch.describe_job_definitions(jobDefinitions=[arn])["jobDefinitions"]
    assert shown["containerProperties"] == {
        "image": "busybox",
        "resourceRequirements": EC2_SIZES,
        "privileged": True,
        "readonlyRootFilesystem": True,
        **{name: [] for name in ("command", "volumes", "environment", "mountPoints", "ulimits", "secrets")},
    }
    assert (shown["type"], shown["status"], shown["tags"]) == ("container", "ACTIVE", {"k": "v"})
    assert shown["parameters"] == {"a": "b"}
    assert shown["retryStrategy"] == {"attempts": 2}
    assert shown["timeout"] == {"attemptDurationSeconds": 60}
    assert shown["propagateTags"] is True


def test_definitions_are_found_by_name_revision_status_and_page(batch: Any) -> None:
    for name in ("b", "a", "b", "c"):
        register(batch, name)
    batch.deregister_job_definition(jobDefinition="b:1")

    def names(**request: Any) -> list[str]:
        found: list[str] = []
        pages = batch.get_paginator("describe_job_definitions").paginate(
            **request, PaginationConfig={"PageSize": 1}
        )
        for page in pages:
            assert len(page["jobDefinitions"]) <= 1
            found += [f"{one['jobDefinitionName']}:{one['revision']}" for one in page["jobDefinitions"]]
        return found

    assert names() == ["a:1", "b:2", "b:1", "c:1"]
    assert names(status="ACTIVE") == ["a:1", "b:2", "c:1"]
    assert names(status="INACTIVE") == ["b:1"]
    assert names(jobDefinitionName="b") == ["b:2", "b:1"]
    assert names(jobDefinitionName="b", status="ACTIVE") == ["b:2"]
    shown = batch.describe_job_definitions(jobDefinitions=["c:1", "b:1", "b:9", "a"])["jobDefinitions"]
    assert [one["jobDefinitionArn"].rsplit("/", 1)[-1] for one in shown] == ["c:1", "b:1"]


@pytest.mark.parametrize(
    "member",
    [
        {"logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-multiline-pattern": "x"}}},
    ],
)
def test_what_is_not_built_is_refused_by_name(batch: Any, member: dict[str, Any]) -> None:
    message, status = refused(batch, container=member)
    assert status == 501
    assert any(name in message for name in (*member, "splunk", "awslogs-multiline-pattern"))


@pytest.mark.parametrize(
    ("request_", "text"),
    [
        ({"container": {"image": ""}}, "image"),
        ({"container": {"environment": [{"value": "x"}]}}, "name should not be null or empty"),
        ({"container": {"resourceRequirements": []}}, "vCPU is required."),
        (
            {"container": {"resourceRequirements": [EC2_SIZES[0], {"type": "MEMORY", "value": "1"}]}},
            "Memory must be at least 4 Mib, got 1 Mib.",
        ),
        (
            {"container": {"resourceRequirements": [{"type": "VCPU", "value": "0.5"}, EC2_SIZES[1]]}},
            "whole number",
        ),
        ({"container": {"resourceRequirements": [*EC2_SIZES, EC2_SIZES[0]]}}, "only once"),
        (
            {"container": {"networkConfiguration": {"assignPublicIp": "ENABLED"}}},
            "networkConfiguration not applicable for EC2.",
        ),
        ({"platformCapabilities": ["FARGATE"]}, "(1.00 vCPU, 128 MiB) not valid"),
        ({"timeout": {"attemptDurationSeconds": 59}}, "at least 60"),
        ({"retryStrategy": {"attempts": 11}}, "between 1 and 10"),
        ({"retryStrategy": {"attempts": 1, "evaluateOnExit": [{"action": "RETRY"}]}}, "onExitCode"),
        (
            {"retryStrategy": {"attempts": 1, "evaluateOnExit": [{"action": "EXIT", "onExitCode": "1?"}]}},
            "regex",
        ),
        (
            {"retryStrategy": {"attempts": 1, "evaluateOnExit": [{"action": "STAY", "onExitCode": "1"}]}},
            "RETRY, EXIT",
        ),
        ({"name": "with.dot"}, "regex"),
        ({"parameters": {"large": "x" * 25_000}}, "24576"),
    ],
)
def test_what_batch_refuses(batch: Any, request_: dict[str, Any], text: str) -> None:
    message, status = refused(batch, **request_)
    assert status == 400
    assert text in message
    assert message.startswith("Error executing request, Exception : ")


def test_actions_of_a_retry_strategy_are_read_back_in_lower_case(batch: Any) -> None:
    rule = {"onExitCode": "1*", "action": "RETRY"}
    arn = register(batch, retryStrategy={"attempts": 2, "evaluateOnExit": [rule]})["jobDefinitionArn"]
    [shown] = batch.describe_job_definitions(jobDefinitions=[arn])["jobDefinitions"]
    assert shown["retryStrategy"] == {"attempts": 2, "evaluateOnExit": [{**rule, "action": "retry"}]}


def test_roles_are_passed_to_tasks(user_client: Make, account: str) -> None:
    role = f"arn:aws:iam::{account}:role/job"
    register_it = {"Effect": "Allow", "Action": "batch:RegisterJobDefinition", "Resource": "*"}
    client = user_client("batch", {"Version": "2012-10-17", "Statement": register_it})
    text = f"not authorized to perform: iam:PassRole on resource: {role}"
    for given in (role, "job"):
        for member in ("jobRoleArn", "executionRoleArn"):
            with pytest.raises(ClientError, match=text):
                register(client, container={member: given})
    register(client)
    pass_it = {
        "Effect": "Allow",
        "Action": "iam:PassRole",
        "Resource": role,
        "Condition": {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
    }
    client = user_client("batch", {"Version": "2012-10-17", "Statement": [register_it, pass_it]})
    register(client, container={"jobRoleArn": role})


def test_a_policy_may_name_image_and_privilege(user_client: Make) -> None:
    statement = {
        "Effect": "Allow",
        "Action": "batch:RegisterJobDefinition",
        "Resource": "arn:aws:batch:*:*:job-definition/work",
        "Condition": {
            "StringLike": {"batch:Image": "busy*"},
            "Bool": {"batch:Privileged": "false"},
            "StringEqualsIfExists": {
                "batch:AWSLogsGroup": "/aws/batch/job-mine",
                "batch:LogDriver": "awslogs",
            },
        },
    }
    client = user_client("batch", {"Version": "2012-10-17", "Statement": statement})
    register(client)
    options = {"awslogs-group": "/aws/batch/job-mine"}
    register(client, container={"logConfiguration": {"logDriver": "awslogs", "options": options}})
    for container in (
        {"image": "other"},
        {"privileged": True},
        {"logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/other"}}},
    ):
        assert refused(client, container=container)[1] == 403
    assert refused(client, name="other")[1] == 403


def test_deregistering_what_is_not_there_is_refused(batch: Any, account: str) -> None:
    arn = f"arn:aws:batch:us-east-1:{account}:job-definition/none:1"
    with pytest.raises(ClientError, match=f"JobDefinition {arn} not found."):
        batch.deregister_job_definition(jobDefinition="none:1")
