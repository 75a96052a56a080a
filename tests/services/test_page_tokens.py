"""A page token is good for its account, Region, operation and filter, also after a restart, and cannot be made up."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError
from botocore.loaders import Loader
from botocore.model import ServiceModel

from batchyard.framework.pagination import ASKED
from batchyard.services import load_services
from conftest import client
from journeys.served import served

CASES = Path(__file__).parent.parent / "authorization" / "cases"
MADE_UP = base64.b64encode(b"zz0").decode()

REFUSED = {
    "autoscaling": ("InvalidNextToken", "The token '{token}' was invalid"),
    "batch": ("ClientException", "Error executing request, Exception : Invalid nextToken, RequestId: "),
    "cloudtrail": ("InvalidNextTokenException", "The specified token is invalid."),
    "ec2": (
        "InvalidParameterValue",
        "Value ( {token} ) for parameter NextToken is invalid. The token is invalid.",
    ),
    "ecs": ("InvalidParameterException", "Invalid token"),
    "eks": ("InvalidParameterException", "Invalid nextToken"),
    "iam": ("ValidationError", "Invalid Marker."),
    "logs": ("InvalidParameterException", "The specified nextToken is invalid."),
}
"""Each service's code and text for a token that it did not give."""


def refusal(call: Callable[..., Any], **request: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**request)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def assert_refused(service: str, made: Any, operation: str, token: str, **request: Any) -> None:
    member = token_member(service, operation)
    code, text = refusal(getattr(made, xform_name(operation)), **request, **{member: token})
    expected_code, expected_text = REFUSED[service]
    assert code == expected_code
    assert text.startswith(expected_text.replace("{token}", token))


def token_member(service: str, operation: str) -> str:
    shape = MODELS[service].operation_model(operation).input_shape
    return next((one for one in ASKED if shape is not None and one in shape.members), "")


MODELS = {name: ServiceModel(Loader().load_service_model(name, "service-2"), name) for name in REFUSED}


def paged_operations() -> list[Any]:
    """Every built operation that takes a page token, with a request that is allowed to ask."""
    rows = []
    for service, built in load_services().items():
        requests = {
            one["operation"]: one["request"] for one in json.loads((CASES / f"{service}.json").read_text())
        }
        for operation, request in requests.items():
            entry = built.operations.get(xform_name(operation))
            member = token_member(service, operation) if service in REFUSED else ""
            if entry and member and (entry.honours is None or member in entry.honours):
                rows.append(pytest.param(service, operation, request, id=f"{service}-{operation}"))
    return rows


PAGED = paged_operations()


def test_there_are_as_many_as_were_built() -> None:
    assert len(PAGED) >= 60
    assert {one.values[0] for one in PAGED} == set(REFUSED)


@pytest.mark.parametrize(("service", "operation", "request_of"), PAGED)
def test_a_token_that_was_made_up(
    aws: Callable[..., Any], account: str, service: str, operation: str, request_of: Any
) -> None:
    filled = json.loads(json.dumps(request_of).replace("{account}", account))
    assert_refused(service, aws(service), operation, MADE_UP, **filled)


def test_iam(aws: Callable[..., Any], endpoint: str, other_account: str) -> None:
    iam, other = aws("iam"), client(endpoint, "iam", access_key=other_account)
    for name in ("a", "b", "c"):
        iam.create_user(UserName=name, Path="/x/")
        iam.create_group(GroupName=name, Path="/x/")
        other.create_user(UserName=name)
    marker = iam.list_users(MaxItems=1)["Marker"]
    assert [one["UserName"] for one in iam.list_users(MaxItems=2, Marker=marker)["Users"]] == ["b", "c"]
    # A global service's token is good wherever its client is: the other Region's is the same service.
    assert aws("iam", region="eu-west-1").list_users(Marker=marker)["Users"][0]["UserName"] == "b"
    assert marker == iam.list_users(MaxItems=1)["Marker"], "clients compare tokens"
    assert_refused("iam", other, "ListUsers", marker)
    assert_refused("iam", iam, "ListGroups", marker)
    assert_refused("iam", iam, "ListUsers", marker, PathPrefix="/x/")
    assert_refused("iam", iam, "ListUsers", marker[:-2] + ("AA" if marker[-2:] != "AA" else "BB"))


def test_logs(aws: Callable[..., Any], endpoint: str, other_account: str) -> None:
    logs, other = aws("logs"), client(endpoint, "logs", access_key=other_account)
    for name in ("a", "b"):
        logs.create_log_group(logGroupName=name)
        other.create_log_group(logGroupName=name)
    token = logs.describe_log_groups(limit=1)["nextToken"]
    shown = logs.describe_log_groups(limit=5, nextToken=token)["logGroups"]
    assert [one["logGroupName"] for one in shown] == ["b"]
    assert_refused("logs", other, "DescribeLogGroups", token)
    assert_refused("logs", aws("logs", region="eu-west-1"), "DescribeLogGroups", token)
    assert_refused("logs", logs, "DescribeLogGroups", token, logGroupNamePrefix="b")


def test_the_events_of_two_streams(aws: Callable[..., Any]) -> None:
    logs = aws("logs")
    logs.create_log_group(logGroupName="g")
    for name in ("one", "two"):
        logs.create_log_stream(logGroupName="g", logStreamName=name)
    one, two = ({"logGroupName": "g", "logStreamName": name} for name in ("one", "two"))
    token = logs.get_log_events(**one)["nextForwardToken"]
    assert logs.get_log_events(**one, nextToken=token, startFromHead=True)["nextForwardToken"] == token
    assert_refused("logs", logs, "GetLogEvents", token, **two)
    assert_refused("logs", logs, "DescribeLogStreams", token, logGroupName="g")


def test_the_others(aws: Callable[..., Any], endpoint: str, other_account: str) -> None:
    """EC2, ECS and EKS: one listing each, the account's own and another's."""
    ec2, ecs = aws("ec2"), aws("ecs")
    for name in ("a", "b"):
        ecs.create_cluster(clusterName=name)
    token = ecs.list_clusters(maxResults=1)["nextToken"]
    assert len(ecs.list_clusters(maxResults=1, nextToken=token)["clusterArns"]) == 1
    assert_refused("ecs", client(endpoint, "ecs", access_key=other_account), "ListClusters", token)
    assert_refused("ecs", ecs, "ListTaskDefinitions", token)
    token = ec2.describe_instance_types()["NextToken"]
    assert ec2.describe_instance_types(NextToken=token)["InstanceTypes"]
    assert_refused("ec2", client(endpoint, "ec2", access_key=other_account), "DescribeInstanceTypes", token)
    current = [{"Name": "current-generation", "Values": ["true"]}]
    assert_refused("ec2", ec2, "DescribeInstanceTypes", token, Filters=current)


def test_a_restart(tmp_path: Path) -> None:
    where = ("--data-dir", str(tmp_path / "data"))
    with served(*where) as server:
        iam = client(server.endpoint, "iam", access_key="test")
        for name in ("a", "b"):
            iam.create_user(UserName=name)
        marker = iam.list_users(MaxItems=1)["Marker"]
    with served(*where) as server:
        iam = client(server.endpoint, "iam", access_key="test")
        assert [one["UserName"] for one in iam.list_users(Marker=marker)["Users"]] == ["b"]
    with served("--ephemeral") as server:
        assert_refused("iam", client(server.endpoint, "iam", access_key="test"), "ListUsers", marker)
