"""Which operation is this request for?"""

from __future__ import annotations

import functools
import re

from batchyard.wire.errors import WireError
from batchyard.wire.form import read_form
from batchyard.wire.http import HttpRequest
from batchyard.wire.model import Model, Operation, load
from batchyard.wire.uri import is_specific, match

_SCOPE = re.compile(r"Credential=[^/,\s]+/[0-9]{8}/[^/,\s]+/(?P<service>[a-z0-9-]+)/aws4_request")
_PRESIGNED_SCOPE = re.compile(
    r"X-Amz-Credential=[^&]*?(?:%2F|/)(?P<service>[a-z0-9-]+)(?:%2F|/)aws4_request", re.I
)
_TARGETS = {
    "AmazonEC2ContainerServiceV20141113": "ecs",
    "Logs_20140328": "logs",
    "CloudTrail_20131101": "cloudtrail",
    "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101": "cloudtrail",
}
_VERSIONS = {"2010-05-08": "iam", "2011-06-15": "sts", "2016-11-15": "ec2", "2011-01-01": "autoscaling"}


def route(http: HttpRequest, service: str) -> Operation | None:
    """The operation of a request to a service; None for one that the model does not have."""
    return route_in(load(service), http)


def route_in(model: Model, http: HttpRequest) -> Operation | None:
    """The operation of a request, by a model's own protocol."""
    if model.protocol in ("query", "ec2"):
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
    if found is not None and found["service"] in _KNOWN:
        return found["service"]
    target = http.headers.get("x-amz-target", "")
    if target:
        return _TARGETS.get(target.rpartition(".")[0])
    if http.path.startswith("/v1/"):
        return "batch"
    if http.path.startswith("/clusters"):
        return "eks"
    try:
        return _VERSIONS.get(read_form(http).get("Version", ""))
    except WireError:
        return None


_KNOWN = frozenset({"iam", "sts", "batch", "ecs", "ec2", "autoscaling", "eks", "logs", "cloudtrail"})
