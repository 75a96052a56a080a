"""Of every built operation: a refused parameter that asks for nothing, or for AWS's documented default, is taken."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.loaders import Loader
from botocore.model import ServiceModel

from batchyard.data.documented_defaults import documented_defaults
from batchyard.services import load_services
from batchyard.wire import model as wire_model
from conftest import ClientOf

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from generate_documented_defaults import refused_members  # noqa: E402

SERVICES = load_services()
CASES = ROOT / "tests/authorization/cases"
_EMPTY: dict[str, Any] = {
    "boolean": False,
    "integer": 0,
    "long": 0,
    "double": 0.0,
    "float": 0.0,
    "string": "",
    "list": [],
    "map": {},
    "structure": {},
}


def _operations() -> Iterator[Any]:
    for service in SERVICES.values():
        model = ServiceModel(Loader().load_service_model(service.name, "service-2"), service.name)
        for snake, entry in service.operations.items():
            named = wire_model.load(service.name).by_snake_name(snake)
            shape = None if named is None else model.operation_model(named.name).input_shape
            if named is None or shape is None:
                continue
            refused = {path: (inner, shape) for path, inner in refused_members(entry, shape)}
            if refused:
                yield pytest.param(
                    service.name, named.name, entry, refused, id=f"{service.name}-{named.name}"
                )


OPERATIONS = list(_operations())


def neutral(service: str, operation: str, entry: Any, path: str, shape: Any) -> Iterator[Any]:
    """The values of a refused parameter that ask for nothing, in each form that its model allows."""
    kind = shape.type_name
    defaults = documented_defaults(service, operation)
    yield None
    if path in defaults:
        yield defaults[path]
    elif kind in _EMPTY and not shape.metadata.get("min"):
        yield _EMPTY[kind]
    inner = {one[len(path) + 1 :]: value for one, value in defaults.items() if one.startswith(f"{path}.")}
    for name, value in inner.items():
        if "." not in name and kind == "structure":
            yield {name: value}


def placed(shape: Any, path: str, value: Any) -> Any:
    """A request with one value at a path, in one item of each list on the way."""
    first, _, rest = path.partition(".")
    member = shape.members[first]
    if not rest:
        return {first: value}
    inner = member.member if member.type_name == "list" else member
    made = placed(inner, rest, value)
    return {first: [made] if member.type_name == "list" else made}


@pytest.mark.parametrize(("service", "operation", "entry", "refused"), OPERATIONS)
def test_what_asks_for_nothing_is_not_refused(
    service: str, operation: str, entry: Any, refused: dict[str, Any]
) -> None:
    defaults = documented_defaults(service, operation)
    for path, (shape, whole) in refused.items():
        kind = shape.type_name
        for value in neutral(service, operation, entry, path, shape):
            assert entry.refused_member(placed(whole, path, value), defaults) is None, (path, value)
        if kind == "boolean":
            other = not defaults.get(path, False)
            assert entry.refused_member(placed(whole, path, other), defaults) == path
        if kind == "string":
            assert entry.refused_member(placed(whole, path, "asked for"), defaults) == path


def test_enough_is_compared() -> None:
    assert sum(len(one.values[3]) for one in OPERATIONS) > 350
    assert documented_defaults("eks", "CreateCluster")["resourcesVpcConfig.endpointPublicAccess"] is True
    assert documented_defaults("autoscaling", "CreateAutoScalingGroup")["DeletionProtection"] == "none"


def merged(one: Any, over: Any) -> Any:
    """`over` laid into `one`, list items one upon the other."""
    if isinstance(one, dict) and isinstance(over, dict):
        return {**one, **{key: merged(one.get(key), value) for key, value in over.items()}}
    if isinstance(one, list) and isinstance(over, list) and one and over:
        return [merged(one[0], over[0]), *one[1:]]
    return over


def told(caller: Any, name: str, request: dict[str, Any]) -> str:
    """The text of the error that a call is answered with; empty for a success."""
    try:
        getattr(caller, name)(**request)
    except ClientError as error:
        return str(error.response["Error"]["Message"])
    return ""


@pytest.mark.parametrize(("service", "operation", "entry", "refused"), OPERATIONS)
def test_over_the_wire_nothing_of_it_is_answered_501(
    service: str,
    operation: str,
    entry: Any,
    refused: dict[str, Any],
    endpoint: str,
    account: str,
    aws: ClientOf,
) -> None:
    """All at once, beside a request of the operation: other refusals may come first, this one never."""
    rows = json.loads((CASES / f"{service}.json").read_text())
    [row, *_] = [one for one in rows if one["operation"] == operation]
    request = json.loads(json.dumps(row["request"]).replace("{account}", account))
    for path, (shape, whole) in refused.items():
        for value in neutral(service, operation, entry, path, shape):
            if value is not None and not isinstance(value, dict) and "." not in path:
                request = merged(request, placed(whole, path, value))
    assert "does not support the parameter" not in told(aws(service), entry.name, request)


def test_terraforms_network_is_made(aws: ClientOf) -> None:
    """What Terraform's aws_vpc sends at its defaults."""
    made = aws("ec2").create_vpc(
        CidrBlock="10.7.0.0/16", InstanceTenancy="default", AmazonProvidedIpv6CidrBlock=False
    )
    assert made["Vpc"]["CidrBlock"] == "10.7.0.0/16"
    asked = aws("ec2").create_vpc(CidrBlock="10.8.0.0/16", AmazonProvidedIpv6CidrBlock=True)
    assert len(asked["Vpc"]["Ipv6CidrBlockAssociationSet"]) == 1
