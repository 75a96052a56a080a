"""Which operation is this request for?"""

from __future__ import annotations

import functools
import re

from batchyard.wire.errors import WireError
from batchyard.wire.facts import declared
from batchyard.wire.form import read_form
from batchyard.wire.http import HttpRequest
from batchyard.wire.model import OF_EC2, Model, Operation, load
from batchyard.wire.uri import is_specific, match

_SCOPE = re.compile(r"Credential=[^/,\s]+/[0-9]{8}/[^/,\s]+/(?P<service>[a-z0-9-]+)/aws4_request")
_PRESIGNED_SCOPE = re.compile(
    r"X-Amz-Credential=[^&]*?(?:%2F|/)(?P<service>[a-z0-9-]+)(?:%2F|/)aws4_request", re.I
)


def route(http: HttpRequest, service: str) -> Operation | None:
    """The operation of a request to a service; None for an operation that the model does not have."""
    return route_in(load(service), http)


def route_in(model: Model, http: HttpRequest) -> Operation | None:
    """The operation of a request, by a model's own protocol."""
    if model.protocol in ("query", OF_EC2):
        name = read_form(http).get("Action", "")
    elif model.protocol == "json":
        prefix, _, name = http.headers.get("x-amz-target", "").rpartition(".")
        if prefix not in (model.target_prefix, model.target_prefix.rpartition(".")[2]):
            return None
    else:
        return _by_uri(model, http)
    return model.operations.get(name)


def _by_uri(model: Model, http: HttpRequest) -> Operation | None:
    fixed, templates = _templates(model)
    name = fixed.get((http.method, http.path))
    if name is not None:
        return model.operations[name]
    for method, template, candidate in templates:
        if method == http.method and match(template, http.path) is not None:
            return model.operations[candidate]
    return None


@functools.cache
def _templates(model: Model) -> tuple[dict[tuple[str, str], str], list[tuple[str, str, str]]]:
    """Operations with a fixed path by (method, path); those with labels, the most specific first."""
    fixed: dict[tuple[str, str], str] = {}
    labelled: list[tuple[str, str, str]] = []
    for name in model.operations:
        operation = model.operations[name]
        if "{" in operation.http_uri:
            labelled.append((operation.http_method, operation.http_uri, name))
        else:
            fixed[(operation.http_method, operation.http_uri.partition("?")[0])] = name
    return fixed, sorted(labelled, key=lambda one: -is_specific(one[1]))


def guess_service(http: HttpRequest) -> str | None:
    """The service that a request means, signed or not, so that an error takes its protocol's shape."""
    found = _SCOPE.search(http.headers.get("authorization", "")) or _PRESIGNED_SCOPE.search(http.query)
    services = declared()
    if found is not None and found["service"] in services:
        return found["service"]
    target = http.headers.get("x-amz-target", "")
    if target:
        prefix = target.rpartition(".")[0]
        return next((name for name, facts in services.items() if prefix in facts.targets), None)
    if http.path not in ("", "/"):
        return _by_first_segment(tuple(services)).get(_first_segment(http.path))
    try:
        version = read_form(http).get("Version", "")
    except WireError:
        return None
    return next((name for name, facts in services.items() if version in facts.versions), None)


def is_for_s3(http: HttpRequest) -> bool:
    """Whether a request is signed for S3, which AWS_ENDPOINT_URL sends to every server that it names."""
    found = _SCOPE.search(http.headers.get("authorization", "")) or _PRESIGNED_SCOPE.search(http.query)
    return found is not None and found["service"] == "s3"


@functools.cache
def _by_first_segment(services: tuple[str, ...]) -> dict[str, str]:
    """Which service has paths that begin so: of those that neither a version nor a target tells."""
    told = declared()
    by_path = [name for name in services if not told[name].versions and not told[name].targets]
    return {
        _first_segment(operation.http_uri): name
        for name in by_path
        for operation in load(name).operations.values()
    }


def _first_segment(path: str) -> str:
    return path.partition("?")[0].removeprefix("/").partition("/")[0]
