"""Requests to every built operation of every service: sound, with something nasty in them, or known to be good."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote

from batchyard.services import load_services
from batchyard.wire import model as wire_model
from batchyard.wire.ec2 import _name_of as ec2_name
from batchyard.wire.model import Operation, Shape
from batchyard.wire.query import _name_of as query_name
from input.message import Request, as_json
from input.scene import Scene
from input.values import Values

_CASES = Path(__file__).parents[2] / "tests" / "authorization" / "cases"
_LABEL = re.compile(r"\{([^}+]+)\+?\}")
HOST = "127.0.0.1"


@cache
def built() -> tuple[Operation, ...]:
    """Every operation that is built, of all services."""
    found = []
    for service, one in sorted(load_services().items()):
        model = wire_model.load(service)
        found += [operation for name in sorted(one.operations) if (operation := model.by_snake_name(name))]
    return tuple(found)


@cache
def known_good() -> tuple[tuple[Operation, str], ...]:
    """Every operation with a request that an authorization case knows to be good, as JSON."""
    rows = []
    for path in sorted(_CASES.glob("*.json")):
        operations = wire_model.load(path.stem).operations
        rows += [
            (operations[row["operation"]], json.dumps(row["request"])) for row in json.loads(path.read_text())
        ]
    return tuple(rows)


@cache
def _weights() -> tuple[float, ...]:
    return tuple(_weight(operation) for operation in built())


def _weight(operation: Operation) -> float:
    """What takes things away is asked for seldom, or nothing would be there for the others."""
    return 0.1 if operation.name.startswith(_TAKES_AWAY) else 1


_TAKES_AWAY = ("Delete", "Detach", "Remove", "Terminate", "Deregister", "Cancel", "Stop", "UpdateAccessKey")


def _any_good(random: Random) -> tuple[Operation, str]:
    weights = [_weight(operation) for operation, _ in known_good()]
    return random.choices(known_good(), weights=weights)[0]


def _any_operation(random: Random) -> Operation:
    return random.choices(built(), weights=_weights())[0]


def random_request(random: Random, scene: Scene, *, spice: float) -> tuple[Operation, Request]:
    """A request to some built operation with random values; `spice`: how likely each is nasty."""
    operation = _any_operation(random)
    typed = operation.model.protocol in ("json", "rest-json")
    values = Values(random, scene.words, spice=spice, typed=typed)
    params = values.of(operation.input) if operation.input is not None else {}
    return operation, written(operation, params)


def one_nasty_member(random: Random, scene: Scene) -> tuple[Operation, Request]:
    """A sound request to some built operation, but for one member that is nasty."""
    operation = _any_operation(random)
    if operation.input is None or not operation.input.members:
        return one_nasty_member(random, scene)
    typed = operation.model.protocol in ("json", "rest-json")
    params = Values(random, scene.words, spice=0, typed=typed).of(operation.input)
    nasty = Values(random, scene.words, spice=random.choice((0.3, 1, 1)), typed=typed)
    name = random.choice(list(operation.input.members))
    params[name] = nasty.of(operation.input.members[name], name, 1)
    return operation, written(operation, params)


def good_request(random: Random, scene: Scene) -> tuple[Operation, Request]:
    """One of the requests that the authorization cases know to be good, on what the scene has."""
    operation, text = _any_good(random)
    return operation, written(operation, json.loads(text.replace("{account}", scene.account)))


def spoilt_good_request(random: Random, scene: Scene) -> tuple[Operation, Request]:
    """A request that is known to be good, but for one value in it."""
    operation, text = _any_good(random)
    params = json.loads(text.replace("{account}", scene.account))
    places = list(_leaves(params))
    if places and operation.input is not None:
        holder, key = random.choice(places)
        typed = operation.model.protocol in ("json", "rest-json")
        values = Values(random, scene.words, spice=1, typed=typed)
        holder[key] = values.spoilt(holder[key])
    return operation, written(operation, params)


def _leaves(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in a value: what holds it, and its key there."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield value, key
        yield from _leaves(one)


def written(operation: Operation, params: dict[str, Any]) -> Request:
    """The request as a client writes it, without a signature. Wrong types are written as they are."""
    protocol = operation.model.protocol
    service = operation.model.signing_name
    host = ("host", HOST)
    if protocol in ("query", "ec2"):
        name_of = ec2_name if protocol == "ec2" else query_name
        form = [("Action", operation.name), ("Version", operation.model.api_version)]
        if operation.input is not None:
            _flatten(operation.input, params, "", form, name_of, flat=protocol == "ec2")
        body = "&".join(f"{_encoded(key)}={_encoded(value)}" for key, value in form).encode()
        kind = ("content-type", "application/x-www-form-urlencoded; charset=utf-8")
        return Request(service, "POST", "/", headers=[host, kind], body=body)
    if protocol == "json":
        target = ("x-amz-target", f"{operation.model.target_prefix}.{operation.name}")
        kind = ("content-type", f"application/x-amz-json-{operation.model.json_version}")
        return Request(service, "POST", "/", headers=[host, kind, target], body=as_json(params))
    return _rest(operation, params, service, host)


def _rest(operation: Operation, params: dict[str, Any], service: str, host: tuple[str, str]) -> Request:
    members = operation.input.members if operation.input is not None else {}
    body, query, labels = {}, [], {}
    for name, value in params.items():
        location = members[name].trait("location") if name in members else None
        wire = str(members[name].trait("locationName") or name) if name in members else name
        if location == "uri":
            labels[wire] = str(value)
        elif location == "querystring":
            query += [(wire, one) for one in (value if isinstance(value, list) else [value])]
        else:
            body[wire] = value
    path = _LABEL.sub(lambda found: _encoded(labels.get(found.group(1), "x")), operation.http_uri)
    pairs = sorted(f"{_encoded(key)}={_encoded(value)}" for key, value in query)
    kind = ("content-type", "application/json")
    has_body = operation.http_method not in ("GET", "DELETE")
    return Request(
        service,
        operation.http_method,
        path,
        "&".join(pairs),
        [host, kind],
        as_json(body) if has_body else b"",
    )


def _flatten(
    shape: Shape, value: Any, prefix: str, form: list[tuple[str, Any]], name_of: Any, *, flat: bool
) -> None:
    if shape.type == "structure" and isinstance(value, dict):
        for name, one in value.items():
            member = shape.members[name]
            dotted = f"{prefix}." if prefix else ""
            _flatten(member, one, f"{dotted}{name_of(name, member)}", form, name_of, flat=flat)
    elif shape.type == "list" and isinstance(value, list):
        item = (
            "" if flat or shape.trait("flattened") else f".{shape.member.trait('locationName') or 'member'}"
        )
        for index, one in enumerate(value, 1):
            _flatten(shape.member, one, f"{prefix}{item}.{index}", form, name_of, flat=flat)
    elif shape.type == "map" and isinstance(value, dict):
        for index, (key, one) in enumerate(value.items(), 1):
            form.append((f"{prefix}.entry.{index}.key", key))
            _flatten(shape.value, one, f"{prefix}.entry.{index}.value", form, name_of, flat=flat)
    else:
        form.append((prefix, value))


def _encoded(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return quote(text.encode("utf-8", "surrogatepass"), safe="-_.~")
