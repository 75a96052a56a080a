"""Every min, max and enum that the models give a member of a built operation: kept at it, refused one beyond it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from batchyard.services import load_services
from batchyard.wire import model as wire_model
from batchyard.wire.model import Operation, Shape
from batchyard.wire.validate import Kind, lowered, refusal, validate

SERVICES = load_services()
LARGEST_TRIED = 20_000
DEEPEST = 5
Limit = tuple[str, Any, Any, Kind]
"""A path; a value at the limit, one beyond it; which problem that is."""


def _limits(shape: Shape, path: str, depth: int = 0) -> Iterator[tuple[str, Shape]]:
    """Every shape below an input, by its path as the validation writes it."""
    if depth > DEEPEST or shape.is_document:
        return
    yield path, shape
    if shape.type == "structure":
        for name, member in shape.members.items():
            yield from _limits(member, f"{path}.{name}" if path else name, depth + 1)
    elif shape.type == "list":
        yield from _limits(shape.member, f"{path}.1.member", depth + 1)


def _of(shape: Shape) -> Iterator[tuple[Any, Any, Kind]]:
    least, most = shape.trait("min"), shape.trait("max")
    if shape.type in ("integer", "long", "short", "float", "double"):
        if least is not None:
            yield least, least - 1, "small"
        if most is not None:
            yield most, most + 1, "large"
    elif shape.type in ("string", "list") and not shape.trait("enum"):
        item: Any = "a" if shape.type == "string" else [_least(shape.member)]
        if least:
            yield item * least, item * (least - 1), "short"
        if most is not None and most < LARGEST_TRIED:
            yield item * most, item * (most + 1), "long"
    elif shape.trait("enum"):
        yield shape.trait("enum")[0], "neither-of-them", "enum"


def _least(shape: Shape) -> Any:
    return {"string": "a", "structure": {}, "list": [], "integer": 1, "long": 1, "boolean": True}.get(
        shape.type, {}
    )


def _request(path: str, value: Any) -> dict[str, Any]:
    """A request that has this value at the path, and no more."""
    made = value
    for part in reversed(path.split(".")):
        made = made if part == "member" else [made] if part == "1" else {part: made}
    assert isinstance(made, dict)
    return made


def _built(service: str) -> list[Operation]:
    model = wire_model.load(service)
    return [one for name in sorted(SERVICES[service].operations) if (one := model.by_snake_name(name))]


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_each_limit_of_each_member(service: str) -> None:
    tried = 0
    for operation in _built(service):
        for path, shape in _limits(operation.input, "") if operation.input is not None else ():
            if not path:
                continue
            for at, beyond, kind in _of(shape):
                tried += 1
                where = f"{service} {operation.name} {path} {kind}"
                kept = [one.kind for one in validate(operation, _request(path, at)) if one.path == path]
                assert kind not in kept, where
                broken = [one for one in validate(operation, _request(path, beyond)) if one.path == path]
                assert kind in [one.kind for one in broken], where
                reply = refusal(service, [one for one in broken if one.kind == kind])
                assert 400 <= reply.status < 500, where
                named = path.split(".")[0] if service == "ec2" else f"'{lowered(path)}'"
                assert named in reply.message, where
    assert tried > 0
