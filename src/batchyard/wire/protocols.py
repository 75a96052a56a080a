"""The four protocols behind three functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from batchyard.wire import ec2, json, query, rest_json
from batchyard.wire.errors import ErrorReply, WireError
from batchyard.wire.http import HttpRequest, HttpResponse
from batchyard.wire.model import OF_EC2, Model, Operation, Shape

_PROTOCOLS: Mapping[str, Any] = {"query": query, OF_EC2: ec2, "json": json, "rest-json": rest_json}


def parse(operation: Operation, http: HttpRequest) -> dict[str, Any]:
    """The request of a message, in AWS's member names; raises WireError (a 4xx) for what cannot be read."""
    try:
        request: dict[str, Any] = _PROTOCOLS[operation.model.protocol].parse(operation, http)
    except RecursionError as error:
        raise WireError("SerializationException", "The request nests too deep.") from error
    return request


def serialize(operation: Operation, result: Mapping[str, Any], request_id: str) -> HttpResponse:
    """The answer that carries a result."""
    response: HttpResponse = _PROTOCOLS[operation.model.protocol].serialize(operation, result, request_id)
    return response


def serialize_error(model: Model, error: ErrorReply, request_id: str) -> HttpResponse:
    """The answer that carries an error."""
    response: HttpResponse = _PROTOCOLS[model.protocol].serialize_error(model, error, request_id)
    return response


_SOMETIMES_LEFT_OUT = {("JobDetail", "startedAt")}
"""Members that AWS leaves out although its model requires them: of a job that has not started (EventBridge samples)."""


def unknown_members(operation: Operation, result: Mapping[str, Any]) -> list[str]:
    """Paths of a result that the model's output does not have: for tests, which let none pass."""
    found: list[str] = []
    if operation.output is None:
        return [name for name, value in result.items() if value is not None]
    _unknown(operation.output, result, "", found)
    return found


def _unknown(shape: Shape, value: Any, path: str, found: list[str]) -> None:
    if value is None or shape.is_document:
        return
    if shape.type == "structure":
        if not isinstance(value, Mapping):
            found.append(f"{path}: not a structure")
            return
        for name, inner in value.items():
            member = shape.members.get(name)
            if member is None:
                found.append(f"{path}.{name}")
            else:
                _unknown(member, inner, f"{path}.{name}", found)
        for name in shape.required:
            if value.get(name) is None and (shape.name, name) not in _SOMETIMES_LEFT_OUT:
                found.append(f"{path}.{name} is missing")
    elif shape.type == "list":
        for index, item in enumerate(value):
            _unknown(shape.member, item, f"{path}[{index}]", found)
    elif shape.type == "map":
        for key, item in value.items():
            _unknown(shape.value, item, f"{path}[{key}]", found)
