"""Structures that lack what their model does not require: every built operation answers them, none with a 500."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from batchyard.services import load_services
from batchyard.wire.model import Operation, Shape
from gateway.raw_requests import Raw, send
from input.message import Credentials
from input.operations import built, known_good, written
from input.scene import Scene, prepare
from input.values import Values

pytestmark = pytest.mark.slow
DEEPEST = 4
MOST_CHOICES = 6


@pytest.fixture
def scene(endpoint: str, account: str, app: Any) -> Iterator[Scene]:
    """An account where a bit of everything is there."""
    yield prepare(endpoint, account)
    app.reset(account)


def _variants(
    shape: Shape, path: tuple[str, ...], values: Values, *, each: bool
) -> Iterator[tuple[Any, Any]]:
    """(path, a structure there) with the required members alone, and with one of the others beside them."""
    if len(path) > DEEPEST or shape.is_document:
        return
    if shape.type == "structure":
        required = {name: values.of(shape.members[name], name, 1) for name in shape.required}
        if path:
            yield path, required
            yield from ((path, {**required, name: one}) for name, one in _choices(shape))
            others = [name for name in shape.members if name not in shape.required] if each else []
            for name in others:
                yield path, {**required, name: values.of(shape.members[name], name, 1)}
        for name, member in shape.members.items():
            yield from _variants(member, (*path, name), values, each=each)
    elif shape.type == "list":
        yield from _variants(shape.member, (*path, "[]"), values, each=each)


def _choices(shape: Shape) -> Iterator[tuple[str, str]]:
    """What a required member may be, where its model has a list: another choice may need other members."""
    for name in shape.required:
        yield from ((name, one) for one in (shape.members[name].trait("enum") or ())[:MOST_CHOICES])


def _with(params: Any, shape: Shape, path: tuple[str, ...], value: Any, values: Values) -> Any:
    """The parameters with a value at a path; what is on the way and missing has its required members alone."""
    if not path:
        return value
    name, *rest = path
    if name == "[]":
        return [_with(params[0] if params else None, shape.member, tuple(rest), value, values)]
    made = dict(params) if isinstance(params, dict) else {}
    for one in shape.required:
        made.setdefault(one, values.of(shape.members[one], one, 1))
    made[name] = _with(made.get(name), shape.members[name], tuple(rest), value, values)
    return made


def _requests(operation: Operation, scene: Scene, *, each: bool) -> Iterator[dict[str, Any]]:
    typed = operation.model.protocol in ("json", "rest-json")
    values = Values(Random(operation.name), scene.words, spice=0, typed=typed)
    good = next((text for one, text in known_good() if one is operation), "{}")
    params = json.loads(good.replace("{account}", scene.account))
    if operation.input is None:
        return
    for path, value in _variants(operation.input, (), values, each=each):
        yield _with(copy.deepcopy(params), operation.input, path, value, values)


def _check(endpoint: str, scene: Scene, service: str, *, each: bool) -> None:
    found = []
    for operation in built():
        if operation.model.service != service:
            continue
        for params in _requests(operation, scene, each=each):
            request = written(operation, params).sign(Credentials(scene.account, "test"))
            path = f"{request.path}?{request.query}" if request.query else request.path
            reply = send(endpoint, Raw(request.method, path, dict(request.headers), request.body))
            if reply.status >= 500 and reply.status != 501:
                found.append((operation.name, params, reply.status))
    assert found == []


@pytest.mark.parametrize("service", sorted(load_services()))
def test_only_what_is_required(endpoint: str, scene: Scene, service: str) -> None:
    _check(endpoint, scene, service, each=False)


@pytest.mark.parametrize("service", sorted(load_services()))
def test_what_is_required_and_one_more(endpoint: str, scene: Scene, service: str) -> None:
    _check(endpoint, scene, service, each=True)
