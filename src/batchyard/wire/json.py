"""The json protocol (1.0 and 1.1): X-Amz-Target names the operation, the body is its input."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from batchyard.wire.errors import ErrorReply, WireError
from batchyard.wire.event_stream import CONTENT_TYPE, encode_stream, stream_member
from batchyard.wire.http import HttpRequest, HttpResponse
from batchyard.wire.json_body import decode, encode
from batchyard.wire.json_values import encoded, reader, writer
from batchyard.wire.model import Model, Operation, Shape


def parse(operation: Operation, http: HttpRequest) -> dict[str, Any]:
    """The request dict of a message; raises WireError SerializationException."""
    value = decode(http.body)
    if operation.input is None:
        return {}
    if not isinstance(value, dict):
        raise WireError("SerializationException", "Start of structure or map found where not expected.")
    request: dict[str, Any] = reader(operation.input)(value)
    return request


def serialize(operation: Operation, result: Mapping[str, Any], request_id: str) -> HttpResponse:
    """A 200 answer; a stream of events, given as a list, is sent whole."""
    stream = stream_member(operation.output) if operation.output is not None else None
    if operation.output is not None and stream is not None:
        headers = {**_headers(operation.model, request_id), "content-type": CONTENT_TYPE}
        return HttpResponse(200, headers, encode_stream(operation.output, result, stream))
    body = encoded(operation.output, result) if operation.output is not None else b""
    return HttpResponse(200, _headers(operation.model, request_id), body)


def serialize_error(model: Model, error: ErrorReply, request_id: str) -> HttpResponse:
    """An error answer: `__type` and the message under the name that the modelled shape has for it."""
    headers = _headers(model, request_id)
    declared = model.error_shape(error.code)
    kind = error.code
    if declared is not None and "awsQueryCompatible" in model.metadata:
        # A service that once spoke query: the old code goes in a header, the shape's name in the body.
        kind = declared.shape.name
        if declared.error_code != kind:
            headers["x-amzn-query-error"] = f"{declared.error_code};{error.fault}"
    body: dict[str, Any] = {"__type": kind, **error_members(model, error)}
    return HttpResponse(error.status, headers, encode(body))


def error_members(model: Model, error: ErrorReply) -> dict[str, Any]:
    """The message and further members of an error, as its shape names them."""
    declared = model.error_shape(error.code)
    name = "message"
    if declared is None:
        return {name: error.message}
    in_body = {one: value for one, value in error.members.items() if not _is_located(declared.shape, one)}
    name = next((one for one in declared.shape.members if one.lower() == "message"), name)
    return {name: error.message, **writer(declared.shape)(in_body)}


def _is_located(shape: Shape, name: str) -> bool:
    return name in shape.members and shape.members[name].trait("location") is not None


def _headers(model: Model, request_id: str) -> dict[str, str]:
    return {
        "content-type": f"application/x-amz-json-{model.json_version}",
        "x-amzn-requestid": request_id,
    }
