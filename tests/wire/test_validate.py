"""What the models demand of a request, and each service's words for a refusal."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from batchyard.wire.model import Model, load
from batchyard.wire.validate import Problem, refusal, validate

ROLE = "arn:aws:iam::123456789012:role/builder"


def problems(service: str, operation: str, request: dict[str, Any]) -> list[Problem]:
    return validate(load(service).operations[operation], request)


def kinds(service: str, operation: str, request: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one.kind, one.path) for one in problems(service, operation, request)]


def test_a_sound_request_has_no_problems() -> None:
    request = {
        "RoleArn": ROLE,
        "RoleSessionName": "one",
        "DurationSeconds": 900,
        "Tags": [{"Key": "a", "Value": ""}],
    }
    assert problems("sts", "AssumeRole", request) == []


@pytest.mark.parametrize(
    ("request_", "found"),
    [
        ({}, [("missing", "RoleArn"), ("missing", "RoleSessionName")]),
        ({"RoleArn": ROLE, "RoleSessionName": None}, [("missing", "RoleSessionName")]),
        ({"RoleArn": ROLE, "RoleSessionName": "a"}, [("short", "RoleSessionName")]),
        ({"RoleArn": ROLE, "RoleSessionName": "a" * 65}, [("long", "RoleSessionName")]),
        ({"RoleArn": ROLE, "RoleSessionName": "Session1:2"}, [("pattern", "RoleSessionName")]),
        ({"RoleArn": ROLE, "RoleSessionName": "on", "DurationSeconds": 899}, [("small", "DurationSeconds")]),
        (
            {"RoleArn": ROLE, "RoleSessionName": "on", "DurationSeconds": 43201},
            [("large", "DurationSeconds")],
        ),
        ({"RoleArn": ROLE, "RoleSessionName": "on", "DurationSeconds": True}, [("type", "DurationSeconds")]),
        ({"RoleArn": ROLE, "RoleSessionName": "on", "Tags": {}}, [("type", "Tags")]),
        ({"RoleArn": ROLE, "RoleSessionName": "on", "Tags": ["x"]}, [("type", "Tags.1.member")]),
        (
            {"RoleArn": ROLE, "RoleSessionName": "on", "Tags": [{"Key": "a", "Value": "b"}, {"Key": ""}]},
            [
                ("missing", "Tags.2.member.Value"),
                ("short", "Tags.2.member.Key"),
                ("pattern", "Tags.2.member.Key"),
            ],
        ),
        ({"RoleArn": ROLE, "RoleSessionName": "on", "Colour": "red"}, [("type", "Colour")]),
    ],
)
def test_each_constraint_is_told_by_its_path(request_: dict[str, Any], found: list[tuple[str, str]]) -> None:
    assert kinds("sts", "AssumeRole", request_) == found


def test_enumerations_are_enforced() -> None:
    request = {"computeEnvironmentName": "a", "type": "HAND_MADE"}
    assert kinds("batch", "CreateComputeEnvironment", request) == [("enum", "type")]


def test_a_time_is_a_datetime() -> None:
    assert problems("cloudtrail", "LookupEvents", {"StartTime": datetime(2026, 1, 1, tzinfo=UTC)}) == []
    assert kinds("cloudtrail", "LookupEvents", {"StartTime": "2026-01-01"}) == [("type", "StartTime")]


def test_iam_and_sts_say_it_in_the_recorded_words() -> None:
    found = problems("sts", "AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "Session1:2"})
    reply = refusal("sts", found)
    assert (reply.code, reply.status) == ("ValidationError", 400)
    assert reply.message == (
        "1 validation error detected: Value 'Session1:2' at 'roleSessionName' failed to satisfy constraint: "
        r"Member must satisfy regular expression pattern: [\w+=,.@-]*"
    )


@pytest.mark.parametrize(
    ("operation", "request_", "text"),
    [
        (
            "CreateRole",
            {"RoleName": "a/b", "AssumeRolePolicyDocument": "{}"},
            "The specified value for roleName is invalid. "
            "It must contain only alphanumeric characters and/or the following: +=,.@_-",
        ),
        (
            "CreateUser",
            {"UserName": "u", "Path": "no-slash"},
            "The specified value for path is invalid. "
            "It must begin and end with / and contain only alphanumeric characters and/or / characters.",
        ),
        (
            "CreatePolicy",
            {"PolicyName": "p", "Path": "/a b/", "PolicyDocument": "{}"},
            "The specified value for path is invalid. "
            "It must begin and end with / and contain only alphanumeric characters and/or / characters.",
        ),
    ],
)
def test_iam_has_words_of_its_own_for_names_and_paths(
    operation: str, request_: dict[str, Any], text: str
) -> None:
    reply = refusal("iam", problems("iam", operation, request_))
    assert (reply.code, reply.status, reply.message) == ("ValidationError", 400, text)


def test_several_problems_are_counted_and_joined() -> None:
    reply = refusal("iam", problems("iam", "AttachRolePolicy", {}))
    assert reply.message == (
        "2 validation errors detected: "
        "Value at 'roleName' failed to satisfy constraint: Member must not be null; "
        "Value at 'policyArn' failed to satisfy constraint: Member must not be null"
    )


def test_a_list_item_is_named_as_recorded() -> None:
    tags = [{"Key": "a", "Value": "b"}, {"Key": "c", "Value": "browser;tab"}]
    reply = refusal("iam", problems("iam", "TagRole", {"RoleName": "r", "Tags": tags}))
    assert reply.message.startswith(
        "1 validation error detected: Value at 'tags.2.member.value' failed to satisfy constraint: "
    )


def test_a_map_names_all_constraints_of_its_values() -> None:
    request = {"logGroupName": "g", "tags": {"owner": "a;b"}}
    reply = refusal("logs", problems("logs", "CreateLogGroup", request))
    assert reply.code == "InvalidParameterException"
    assert reply.message.startswith(
        "1 validation error detected: Value '{owner=a;b}' at 'tags' failed to satisfy constraint: "
        "Map value must satisfy constraint: [Member must have length less than or equal to 256, "
        "Member must satisfy regular expression pattern: "
    )


@pytest.mark.parametrize(
    ("service", "operation", "code"),
    [
        ("iam", "GetRole", "ValidationError"),
        ("sts", "AssumeRole", "ValidationError"),
        ("autoscaling", "DeleteAutoScalingGroup", "ValidationError"),
        ("batch", "SubmitJob", "ClientException"),
        ("ecs", "RunTask", "InvalidParameterException"),
        ("eks", "CreateCluster", "InvalidParameterException"),
        ("logs", "CreateLogStream", "InvalidParameterException"),
        ("ec2", "CreateLaunchTemplate", "MissingParameter"),
    ],
)
def test_each_service_has_its_own_code(service: str, operation: str, code: str) -> None:
    reply = refusal(service, problems(service, operation, {}))
    assert (reply.code, reply.status, reply.fault) == (code, 400, "Sender")


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"MaxResults": 0}, "InvalidMaxResultsException"),
        ({"EventCategory": "data"}, "InvalidEventCategoryException"),
        (
            {"LookupAttributes": [{"AttributeKey": "EventId", "AttributeValue": ""}]},
            "InvalidLookupAttributesException",
        ),
        ({"NextToken": 5}, "ValidationException"),
    ],
)
def test_a_member_with_an_error_of_its_own_gives_it(request_: dict[str, Any], code: str) -> None:
    """CloudTrail API reference, LookupEvents, Errors."""
    assert refusal("cloudtrail", problems("cloudtrail", "LookupEvents", request_)).code == code


def test_ec2_names_the_parameter() -> None:
    reply = refusal("ec2", problems("ec2", "CreateLaunchTemplate", {"LaunchTemplateName": "abc"}))
    assert reply.message == "The request must contain the parameter LaunchTemplateData"


def test_every_operation_of_every_model_can_be_checked() -> None:
    for service in ("iam", "sts", "batch", "ecs", "autoscaling", "eks", "logs", "cloudtrail", "ec2"):
        for operation in load(service).operations.values():
            required = operation.input.required if operation.input is not None else ()
            assert sorted(one.path for one in validate(operation, {})) == sorted(required)


def test_a_model_of_ones_own_is_enough() -> None:
    model = Model.from_description(
        {
            "metadata": {"protocol": "json", "endpointPrefix": "own"},
            "operations": {"Put": {"name": "Put", "input": {"shape": "In"}}},
            "shapes": {
                "In": {"type": "structure", "members": {"items": {"shape": "Items"}}},
                "Items": {"type": "list", "member": {"shape": "Item"}, "max": 1},
                "Item": {"type": "map", "key": {"shape": "Key"}, "value": {"shape": "In"}},
                "Key": {"type": "string", "enum": ["a"]},
            },
        }
    )
    found = validate(model.operations["Put"], {"items": [{"a": {"items": 3}}, {"b": {}}]})
    assert [(one.kind, one.path) for one in found] == [
        ("long", "items"),
        ("type", "items.1.member.a.member.items"),
        ("map key", "items.2.member"),
    ]
