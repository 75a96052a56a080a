"""Models as they are loaded, and which operation a request is for."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import Any

import orjson
import pytest
from botocore import xform_name

from batchyard.services import load_services
from batchyard.wire import protocols
from batchyard.wire.http import HttpRequest
from batchyard.wire.model import Model, load
from batchyard.wire.route import guess_service, route
from batchyard.wire.validate import validate
from wire.shape_values import SERVICES, service_model

load_services()  # each tells by what its requests are known
ARN = "arn:aws:batch:us-east-1:123456789012:job-queue/fast"


@pytest.mark.parametrize("service", SERVICES)
def test_a_model_says_what_botocores_says(service: str) -> None:
    ours, theirs = load(service), service_model(service)
    assert ours is load(service)
    assert (ours.service, ours.protocol, ours.api_version) == (service, theirs.protocol, theirs.api_version)
    assert (ours.signing_name, ours.endpoint_prefix) == (theirs.signing_name, theirs.endpoint_prefix)
    assert ours.signing_name == service, "route and guess_service take the two for one"
    assert sorted(ours.operations) == sorted(theirs.operation_names)
    for name in ours.operations:
        found = ours.by_snake_name(xform_name(name))
        assert found is not None
        assert found.name == name
    assert ours.by_snake_name("no_such_operation") is None
    assert "NoSuchOperation" not in ours.operations


def test_loading_one_model_loads_no_other() -> None:
    program = "from batchyard.wire import model; model.load('sts'); print(sorted(model._loaded))"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "['sts']"


def test_an_unknown_service_has_no_model() -> None:
    with pytest.raises(FileNotFoundError):
        load("no-such-service")


def test_paginators_are_botocores() -> None:
    pages = load("iam").pagination("ListRoles")
    assert pages is not None
    assert (pages["input_token"], pages["output_token"], pages["limit_key"]) == (
        "Marker",
        "Marker",
        "MaxItems",
    )
    assert pages["result_key"] == "Roles"
    assert load("iam").pagination("GetRole") is None


def test_tags_of_an_arn_with_slashes_encoded_or_not() -> None:
    for label in (ARN, ARN.replace(":", "%3A").replace("/", "%2F")):
        http = HttpRequest("DELETE", f"/v1/tags/{label}", "tagKeys=a&tagKeys=b", {}, b"")
        operation = route(http, "batch")
        assert operation is not None
        assert operation.name == "UntagResource"
        assert protocols.parse(operation, http) == {"resourceArn": ARN, "tagKeys": ["a", "b"]}


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("POST", "/clusters", "CreateCluster"),
        ("GET", "/clusters", "ListClusters"),
        ("GET", "/clusters/one", "DescribeCluster"),
        ("GET", "/clusters/one/node-groups", "ListNodegroups"),
        ("GET", "/clusters/one/node-groups/two", "DescribeNodegroup"),
        ("PATCH", "/clusters", None),
        ("GET", "/clusters/one/two/three/four/five", None),
    ],
)
def test_eks_goes_by_method_and_path(method: str, path: str, name: str | None) -> None:
    found = route(HttpRequest(method, path, "", {}, b""), "eks")
    assert (found.name if found else None) == name


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("AmazonEC2ContainerServiceV20141113.RunTask", "RunTask"),
        ("Logs_20140328.RunTask", None),
        ("AmazonEC2ContainerServiceV20141113.Nonsense", None),
        ("RunTask", None),
        ("", None),
    ],
)
def test_json_goes_by_its_target(target: str, name: str | None) -> None:
    found = route(HttpRequest("POST", "/", "", {"x-amz-target": target}, b"{}"), "ecs")
    assert (found.name if found else None) == name


SCOPE = "AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/{}/aws4_request, SignedHeaders=host, Signature=0"


@pytest.mark.parametrize("service", SERVICES)
def test_the_signature_names_the_service(service: str) -> None:
    assert (
        guess_service(HttpRequest("POST", "/", "", {"authorization": SCOPE.format(service)}, b"")) == service
    )
    query = f"X-Amz-Credential=AKIA%2F20260101%2Fus-east-1%2F{service}%2Faws4_request"
    assert guess_service(HttpRequest("GET", "/", query, {}, b"")) == service


@pytest.mark.parametrize("service", SERVICES)
def test_an_unsigned_request_names_it_by_its_protocol(service: str) -> None:
    model = load(service)
    headers: dict[str, str] = {}
    path, body = "/", b""
    if model.protocol == "json":
        headers["x-amz-target"] = f"{model.target_prefix}.Anything"
    elif model.protocol == "rest-json":
        path = {"batch": "/v1/submitjob", "eks": "/clusters/one"}[service]
    else:
        body = f"Action=Anything&Version={model.api_version}".encode()
    assert guess_service(HttpRequest("POST", path, "", headers, body)) == service


def test_what_names_no_service_is_no_service() -> None:
    assert guess_service(HttpRequest("GET", "/", "", {}, b"")) is None
    assert guess_service(HttpRequest("OPTIONS", "*", "", {}, b"")) is None, "the one target that is no path"
    assert guess_service(HttpRequest("POST", "/", "", {"authorization": SCOPE.format("s3")}, b"")) is None


def test_the_first_use_of_a_shape_by_many_threads_at_once() -> None:
    description = {
        "metadata": dict(load("batch").metadata),
        "operations": {},
        "shapes": load("batch")._shapes,
    }
    description["operations"] = {"SubmitJob": dict(load("batch").operations["SubmitJob"].raw)}
    request: dict[str, Any] = {
        "jobName": "a",
        "jobQueue": "q",
        "jobDefinition": "d",
        "tags": {"a": "b"},
        "dependsOn": [{"jobId": "x"}],
        "containerOverrides": {"command": ["x"], "environment": [{"name": "n", "value": "v"}]},
    }
    http = HttpRequest("POST", "/v1/submitjob", "", {}, orjson.dumps(request))
    wrong: list[Any] = []
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(30):
            operation = Model.from_description(description).operations["SubmitJob"]
            start = threading.Barrier(4)

            def use(operation: Any = operation, start: threading.Barrier = start) -> None:
                start.wait(10)
                parsed = protocols.parse(operation, http)
                if parsed != request or validate(operation, parsed):
                    wrong.append(parsed)

            threads = [threading.Thread(target=use) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(10)
    finally:
        sys.setswitchinterval(interval)
    assert wrong == []
