"""Whatever comes in, the answer is a 4xx in the protocol's own shape: never another exception."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from batchyard.wire import protocols
from batchyard.wire.errors import WireError
from batchyard.wire.http import HttpRequest, HttpResponse
from batchyard.wire.model import Model, Operation, load
from batchyard.wire.route import guess_service, route
from batchyard.wire.validate import refusal, validate
from wire.shape_values import SERVICES, few, meaning_of, request_of, service_model, structures

OPERATIONS = {
    "iam": "CreateRole",
    "sts": "AssumeRole",
    "batch": "SubmitJob",
    "ecs": "RunTask",
    "ec2": "RunInstances",
    "autoscaling": "CreateAutoScalingGroup",
    "eks": "CreateCluster",
    "logs": "PutLogEvents",
    "cloudtrail": "LookupEvents",
}
RUBBISH = st.sampled_from(
    [
        b"null", b"NaN", b"1e999", b"9" * 5000, b"[" * 3000, b'{"a":' * 3000, b'"\\ud800"', b"\xff\xfe", b"%zz",
        b"%ff", b"&", b"=", b".", b"1", b"true", b"{}", b"[]", b'"x"', b"-0", b"\x00", b".1", b".member.1",
        b".member." + b"9" * 5000, b".entry.1.key", b"%ED%A0%80", b"." * 300,
    ]
)  # fmt: skip
ODD = st.sampled_from([None, 1, "x", [], {}, True, 1.5, 10**30, -1, [None], {"a": None}, "\x00", 1e308, 1e18])


def target(model: Model, operation: Operation) -> dict[str, str]:
    return {"x-amz-target": f"{model.target_prefix}.{operation.name}"} if model.protocol == "json" else {}


def path_of(operation: Operation, label: str = "a") -> str:
    return re.sub(r"\{[^}]*\}", lambda _: label, operation.http_uri)


def answered(service: str, http: HttpRequest, operation: Operation) -> HttpResponse | None:
    """The refusal of a request, or None where it is sound; anything but WireError fails the test."""
    try:
        assert guess_service(http) in (*SERVICES, None)
        found = route(http, service)
        problems = validate(found or operation, protocols.parse(found or operation, http))
    except WireError as error:
        reply = error.reply
    else:
        if not problems:
            return None
        reply = refusal(service, problems)
    assert 400 <= reply.status < 500
    assert reply.code
    return protocols.serialize_error(load(service), reply, "the-request")


def check(service: str, http: HttpRequest, operation: Operation) -> None:
    response = answered(service, http, operation)
    if response is not None:
        parsed = meaning_of(response, service_model(service).operation_model(operation.name))
        assert parsed["Error"]["Code"]


@pytest.mark.parametrize("service", SERVICES)
@settings(parent=few(60))
@given(
    pieces=st.lists(RUBBISH | st.binary(max_size=20), max_size=6),
    method=st.sampled_from(["POST", "GET", "PUT"]),
)
def test_rubbish_for_a_body(service: str, pieces: list[bytes], method: str) -> None:
    model = load(service)
    operation = model.operations[OPERATIONS[service]]
    body = b"".join(pieces)
    if model.protocol in ("query", "ec2"):
        body = f"Action={operation.name}&Version={model.api_version}&".encode() + body
    query = body.decode("latin-1") if method == "GET" else ""
    check(service, HttpRequest(method, path_of(operation), query, target(model, operation), body), operation)


@pytest.mark.parametrize("service", SERVICES)
@settings(parent=few(40))
@given(data=st.data())
def test_a_sound_request_with_something_odd_in_it(service: str, data: st.DataObject) -> None:
    theirs = service_model(service).operation_model(OPERATIONS[service])
    shape = theirs.input_shape
    assert shape is not None
    http = request_of(data.draw(structures(shape, theirs.service_model.protocol)), theirs)
    if service_model(service).protocol in ("query", "ec2"):
        name = data.draw(st.sampled_from(sorted(shape.members)))
        http.body += b"&" + name.encode() + data.draw(RUBBISH) + b"=" + data.draw(RUBBISH)
    else:
        http.body = json.dumps(spoilt(json.loads(http.body or b"{}"), data)).encode()
    check(service, http, load(service).operations[theirs.name])


def spoilt(value: Any, data: st.DataObject) -> Any:
    if data.draw(st.integers(0, 4)) == 0:
        return data.draw(ODD)
    if isinstance(value, dict):
        return {key: spoilt(one, data) for key, one in value.items()}
    return [spoilt(one, data) for one in value] if isinstance(value, list) else value


@pytest.mark.parametrize("service", ["batch", "eks"])
@settings(parent=few(60))
@given(
    label=st.sampled_from(["a", "%ff", "%2F", "arn%3Aaws", "%", "%zz", "a/b", "", "..", "%00"])
    | st.text(max_size=5),
    query=st.sampled_from(
        ["", "maxResults=x", "maxResults=" + "9" * 5000, "%ff=%ff", "tagKeys=%ff", "&&&=", "a;b=c"]
    ),
)
@example(label="%ff", query="tagKeys=%ff")
def test_odd_paths_and_queries(service: str, label: str, query: str) -> None:
    model = load(service)
    for name in ("ListTagsForResource", "UntagResource"):
        operation = model.operations[name]
        check(
            service, HttpRequest(operation.http_method, path_of(operation, label), query, {}, b""), operation
        )


@settings(parent=few(200))
@given(
    path=st.text(max_size=20).map(lambda text: "/" + text),
    query=st.text(max_size=30),
    headers=st.dictionaries(
        st.sampled_from(["authorization", "x-amz-target", "content-type", "host"]),
        st.text(max_size=40),
        max_size=4,
    ),
    body=st.binary(max_size=40),
)
def test_the_service_of_anything_is_guessed_or_not(
    path: str, query: str, headers: dict[str, str], body: bytes
) -> None:
    assert guess_service(HttpRequest("POST", path, query, headers, body)) in (*SERVICES, None)


@pytest.mark.parametrize(
    ("service", "body", "code"),
    [
        ("batch", b"{", "SerializationException"),
        ("batch", b"[]", "SerializationException"),
        ("batch", b'{"jobName": 1}', "SerializationException"),
        ("batch", b'{"jobName": "\xff"}', "SerializationException"),
        ("batch", b'{"timeout": {"attemptDurationSeconds": 1.5}}', "SerializationException"),
        ("batch", b'{"timeout": {"attemptDurationSeconds": 99999999999}}', "SerializationException"),
        ("ecs", b'{"count": "two"}', "SerializationException"),
        ("logs", b'{"logEvents": {}}', "SerializationException"),
        ("ec2", b"Action=RunInstances&Colour=red", "UnknownParameter"),
        ("ec2", b"Action=RunInstances&MinCount=few", "MalformedInput"),
        ("sts", b"Action=AssumeRole&RoleArn=%ff", "MalformedQueryString"),
        ("sts", b"Action=AssumeRole&DurationSeconds=soon", "MalformedInput"),
        ("sts", b"Action=AssumeRole&DurationSeconds=1_000", "MalformedInput"),
        ("sts", b"Action=AssumeRole&DurationSeconds=99999999999", "MalformedInput"),
    ],
)
def test_what_cannot_be_read_is_refused_by_its_protocols_code(service: str, body: bytes, code: str) -> None:
    operation = load(service).operations[OPERATIONS[service]]
    http = HttpRequest("POST", path_of(operation), "", target(load(service), operation), body)
    with pytest.raises(WireError) as refused:
        protocols.parse(operation, http)
    assert refused.value.reply.code == code
    assert refused.value.reply.status == 400
