"""Requests made and signed by botocore's parts, sent by http.client: so that a test may spoil any byte of one."""

from __future__ import annotations

import functools
import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from unittest import mock
from urllib.parse import urlencode, urlsplit

from botocore import auth, loaders, parsers, serialize
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.model import ServiceModel

from batchyard.wire import model as wire_model

READS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "iam": ("ListUsers", {}),
    "sts": ("GetCallerIdentity", {}),
    "batch": ("DescribeJobQueues", {}),
    "ecs": ("ListClusters", {}),
    "ec2": ("DescribeVpcs", {}),
    "autoscaling": ("DescribeAutoScalingGroups", {}),
    "eks": ("ListClusters", {}),
    "logs": ("DescribeLogGroups", {}),
    "cloudtrail": ("LookupEvents", {}),
}
"""A harmless operation of each service, with its request."""


@dataclass(frozen=True)
class Raw:
    """One HTTP request as it goes over the wire; `path` has the query."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    def with_headers(self, **changed: str | None) -> Raw:
        """The request with other headers (`x_amz_date=…`); None takes one away."""
        headers = {name.lower(): value for name, value in self.headers.items()}
        for given, value in changed.items():
            name = given.replace("_", "-")
            headers.pop(name, None)
            if value is not None:
                headers[name] = value
        return replace(self, headers=headers)


@dataclass(frozen=True)
class Reply:
    """One HTTP answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def error(self, service: str) -> tuple[str, str]:
        """Code and message, as botocore's parser for the service's protocol reads them."""
        found = self._parsed(service).get("Error", {})
        return found.get("Code", ""), found.get("Message", "")

    def result(self, service: str, operation: str) -> Any:
        """The parsed answer of an operation."""
        return self._parsed(service, _model(service).operation_model(operation).output_shape)

    def _parsed(self, service: str, shape: Any = None) -> Any:
        answer = {"status_code": self.status, "headers": self.headers, "body": self.body}
        return parsers.create_parser(wire_model.load(service).protocol).parse(answer, shape)


@functools.cache
def _model(service: str) -> ServiceModel:
    return ServiceModel(loaders.Loader().load_service_model(service, "service-2"), service)


def unsigned(endpoint: str, service: str, operation: str = "", request: Any = None) -> Raw:
    """A request as botocore writes it, not signed; without an operation the service's harmless one."""
    name, harmless = READS[service]
    model = _model(service).operation_model(operation or name)
    protocol = wire_model.load(service).protocol
    made = serialize.create_serializer(protocol, include_validation=False).serialize_to_request(
        harmless if request is None else request, model
    )
    path = made["url_path"]
    if made["query_string"]:
        path += "?" + urlencode(made["query_string"])
    body = made["body"]
    if isinstance(body, Mapping):
        body = urlencode(body)
    headers = {"host": urlsplit(endpoint).netloc, **{k.lower(): str(v) for k, v in made["headers"].items()}}
    return Raw(made["method"], path, headers, body.encode() if isinstance(body, str) else body)


def sign(
    raw: Raw,
    service: str,
    *,
    key: str,
    secret: str = "test",
    token: str | None = None,
    region: str = "us-east-1",
    at: datetime | None = None,
) -> Raw:
    """The request with an Authorization header, signed now or as of `at`."""
    request = AWSRequest(
        method=raw.method,
        url=f"http://{raw.headers['host']}{raw.path}",
        headers=dict(raw.headers),
        data=raw.body,
    )
    signer = auth.SigV4Auth(Credentials(key, secret, token), service, region)
    if at is None:
        signer.add_auth(request)
    else:
        with mock.patch.object(auth, "get_current_datetime", return_value=at.replace(tzinfo=None)):
            signer.add_auth(request)
    headers = {
        name.lower(): value.decode() if isinstance(value, bytes) else str(value)
        for name, value in request.headers.items()
    }
    return replace(raw, headers=headers)


def send(endpoint: str, raw: Raw) -> Reply:
    """Send a request as it stands."""
    connection = http.client.HTTPConnection(urlsplit(endpoint).netloc, timeout=20)
    try:
        connection.request(raw.method, raw.path, body=raw.body, headers=dict(raw.headers))
        answer = connection.getresponse()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return Reply(answer.status, headers, answer.read())
    finally:
        connection.close()


def policy(*statements: Mapping[str, Any]) -> str:
    """A policy document as text."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    """A statement that allows."""
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    """A statement that denies."""
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}
