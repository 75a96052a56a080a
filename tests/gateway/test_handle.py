"""The outer door: what is not here, what is not built, what is too large, and what comes before what."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from batchyard.app import App
from batchyard.server.body import LARGEST_BODY
from batchyard.services import load_services
from batchyard.wire import model as wire_model
from conftest import client
from gateway.raw_requests import READS, Raw, Reply, allow, policy, send, sign, unsigned

SERVICES = sorted(READS)
BUILT = load_services()
DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}


def asked(endpoint: str, account: str, service: str, operation: str, request: Any) -> Reply:
    """The answer to a request that botocore's own checks of parameters would perhaps not let out."""
    return send(endpoint, sign(unsigned(endpoint, service, operation, request), service, key=account))


def failed(call: Callable[..., Any], **request: Any) -> Any:
    """The error answer that a call ends in."""
    with pytest.raises(ClientError) as caught:
        call(**request)
    return caught.value.response


@pytest.mark.parametrize("name", ["dynamodb", "no-such-service"])
def test_a_service_that_is_not_here(name: str, endpoint: str, account: str) -> None:
    raw = Raw("GET", "/", {"host": urlsplit(endpoint).netloc}, b"")
    reply = send(endpoint, sign(raw, name, key=account))
    assert (reply.status, reply.error("sts")) == (
        501,
        ("NotImplemented", f"Batchyard does not have the service {name}"),
    )
    assert send(endpoint, sign(raw, name, key=account, secret="wrong")).status == 403


@pytest.mark.parametrize(
    ("service", "changed", "status", "code"),
    [
        ("iam", {"body": b"Action=Frobnicate&Version=2010-05-08"}, 400, "InvalidAction"),
        ("sts", {"body": b"Version=2011-06-15"}, 400, "InvalidAction"),
        ("ec2", {"body": b"Action=Frobnicate&Version=2016-11-15"}, 400, "InvalidAction"),
        (
            "ecs",
            {"headers": "AmazonEC2ContainerServiceV20141113.Frobnicate"},
            400,
            "UnknownOperationException",
        ),
        (
            "logs",
            {"headers": "AmazonEC2ContainerServiceV20141113.ListClusters"},
            400,
            "UnknownOperationException",
        ),
        ("batch", {"path": "/v1/frobnicate"}, 404, "UnknownOperationException"),
        ("batch", {"method": "DELETE"}, 404, "UnknownOperationException"),
        ("eks", {"path": "/frobnicate"}, 404, "UnknownOperationException"),
    ],
)
def test_an_operation_that_aws_does_not_have(
    service: str, changed: dict[str, Any], status: int, code: str, endpoint: str, account: str
) -> None:
    raw = unsigned(endpoint, service)
    target = changed.pop("headers", None)
    if target:
        raw = raw.with_headers(x_amz_target=target)
    reply = send(endpoint, sign(Raw(**{**raw.__dict__, **changed}), service, key=account))
    assert (reply.status, reply.error(service)[0]) == (status, code)


@pytest.mark.parametrize("service", SERVICES)
def test_an_operation_that_is_not_built(service: str, endpoint: str, account: str) -> None:
    model = wire_model.load(service)
    operation = min(
        one.name
        for one in model.operations.values()
        if one.snake_name not in BUILT[service].operations and "{" not in one.http_uri
    )
    reply = asked(endpoint, account, service, operation, {})
    code, message = reply.error(service)
    assert (reply.status, code) == (501, "NotImplemented")
    title = BUILT[service].title
    assert message == f"Batchyard does not support the operation {title} {operation} yet"


@pytest.mark.parametrize(
    ("service", "operation", "request_", "named"),
    [
        (
            "iam",
            "CreateServiceSpecificCredential",
            {"UserName": "x", "ServiceName": "bedrock.amazonaws.com", "CredentialAgeDays": 3},
            "CredentialAgeDays",
        ),
        ("logs", "CreateLogGroup", {"logGroupName": "x", "kmsKeyId": "arn:aws:kms:x"}, "kmsKeyId"),
        (
            "eks",
            "CreateCluster",
            {
                "name": "x",
                "roleArn": "arn:aws:iam::{account}:role/x",
                "resourcesVpcConfig": {},
                "logging": {"clusterLogging": [{"types": ["api"], "enabled": True}]},
            },
            "logging",
        ),
        ("ec2", "CreateVpc", {"CidrBlock": "10.0.0.0/16", "Ipv4IpamPoolId": "ipam-pool-1"}, "Ipv4IpamPoolId"),
    ],
)
def test_a_parameter_that_is_not_honoured_is_refused_by_name(
    service: str, operation: str, request_: Any, named: str, endpoint: str, account: str
) -> None:
    if "roleArn" in request_:
        request_ = {**request_, "roleArn": request_["roleArn"].format(account=account)}
    reply = asked(endpoint, account, service, operation, request_)
    assert (reply.status, reply.error(service)) == (
        501,
        ("NotImplemented", f"Batchyard does not support the parameter {named} of {operation} yet"),
    )


MISSING = [
    ("iam", "get_role", {"RoleName": "missing"}, "NoSuchEntity"),
    ("iam", "delete_user", {"UserName": "missing"}, "NoSuchEntity"),
    ("batch", "delete_job_queue", {"jobQueue": "missing"}, None),
    (
        "batch",
        "submit_job",
        {"jobName": "x", "jobQueue": "missing", "jobDefinition": "missing"},
        "ClientException",
    ),
    ("ecs", "delete_cluster", {"cluster": "missing"}, "ClusterNotFoundException"),
    ("eks", "describe_cluster", {"name": "missing"}, "ResourceNotFoundException"),
    (
        "logs",
        "get_log_events",
        {"logGroupName": "missing", "logStreamName": "x"},
        "ResourceNotFoundException",
    ),
    (
        "ec2",
        "delete_launch_template",
        {"LaunchTemplateId": "lt-00000000000000000"},
        "InvalidLaunchTemplateId.NotFound",
    ),
    ("autoscaling", "delete_auto_scaling_group", {"AutoScalingGroupName": "missing"}, None),
]


def test_authorization_comes_before_existence(user: Callable[..., Any], endpoint: str, aws: Any) -> None:
    nobody = user(None)
    for service, operation, request, code in MISSING:
        made = client(endpoint, service, access_key=nobody["key"], secret=nobody["secret"])
        error = failed(getattr(made, operation), **request)["Error"]
        assert error["Code"] in DENIED, (service, operation, error)
        if code is not None:
            error = failed(getattr(aws(service), operation), **request)["Error"]
            assert error["Code"] == code


def test_a_denied_caller_does_not_learn_what_is_built(user: Callable[..., Any], endpoint: str) -> None:
    """A parameter that is not honoured is told to those alone who may make the call."""
    nobody = user(None)
    made = client(endpoint, "logs", access_key=nobody["key"], secret=nobody["secret"])
    error = failed(made.create_log_group, logGroupName="x", kmsKeyId="arn:aws:kms:x")["Error"]
    assert error["Code"] == "AccessDeniedException"


def test_a_body_too_large_is_refused_whole(endpoint: str, account: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(endpoint).netloc, timeout=20)
    try:
        body = b"x" * (LARGEST_BODY + 1)
        connection.request("POST", "/v1/submitjob", body=body)
        answer = connection.getresponse()
        assert answer.status == 413
        assert json.loads(answer.read())["__type"] == "RequestEntityTooLargeException"
    finally:
        connection.close()
    assert send(endpoint, sign(unsigned(endpoint, "batch"), "batch", key=account)).status == 200


def test_a_fault_of_ours_is_told_and_audited(
    endpoint: str,
    account: str,
    aws: Any,
    app: App,
    monkeypatch: pytest.MonkeyPatch,
    wait_for: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A bug answers 500 in the service's shape, undoes what was half done, and leaves its event."""
    entry = app.services["logs"].operations["create_log_group"]

    def breaks(ctx: Any, request: Any) -> None:
        entry.function(ctx, request)
        raise ZeroDivisionError("a bug")

    broken = type(entry)(**{name: getattr(entry, name) for name in entry.__slots__} | {"function": breaks})
    monkeypatch.setitem(app.services["logs"].operations, "create_log_group", broken)
    answer = failed(aws("logs").create_log_group, logGroupName="half")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 500
    assert answer["Error"]["Code"] == "InternalFailure"
    assert "ZeroDivisionError" in caplog.text
    monkeypatch.undo()
    assert aws("logs").describe_log_groups()["logGroups"] == []
    wanted = [{"AttributeKey": "EventName", "AttributeValue": "CreateLogGroup"}]
    found = aws("cloudtrail").lookup_events(LookupAttributes=wanted)["Events"]
    assert [json.loads(one["CloudTrailEvent"])["errorCode"] for one in found] == ["InternalFailure"]


def test_a_policy_change_acts_on_the_next_call(endpoint: str, user: Callable[..., Any], aws: Any) -> None:
    made = user(policy(allow("logs:*")))
    logs = client(endpoint, "logs", access_key=made["key"], secret=made["secret"])
    logs.describe_log_groups()
    aws("iam").delete_user_policy(UserName=made["name"], PolicyName="inline")
    assert failed(logs.describe_log_groups)["Error"]["Code"] == "AccessDeniedException"
