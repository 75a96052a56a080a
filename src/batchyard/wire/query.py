"""The query protocol: a form names the operation in `Action`; answers are XML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from batchyard.wire import xml_values
from batchyard.wire.errors import ErrorReply
from batchyard.wire.form import FormReader, read_form, tree
from batchyard.wire.http import HttpRequest, HttpResponse
from batchyard.wire.model import Model, Operation, Shape


def _name_of(name: str, member: Shape) -> str:
    return str(member.trait("locationName") or name)


_READER = FormReader(name_of=_name_of, flat_lists=False)


def parse(operation: Operation, http: HttpRequest) -> dict[str, Any]:
    """The request dict of a message; raises WireError."""
    form = read_form(http)
    if operation.input is None:
        return {}
    return _READER.structure(operation.input, tree(form))


def serialize(operation: Operation, result: Mapping[str, Any], request_id: str) -> HttpResponse:
    """A 200 answer: `<XResponse><XResult>…</XResult><ResponseMetadata>…`."""
    name = operation.name
    out = [f'<{name}Response xmlns="{operation.model.xml_namespace}">']
    if operation.output is not None:
        wrapper = operation.output.trait("resultWrapper") or f"{name}Result"
        out.append(f"<{wrapper}>")
        xml_values.structure(operation.output, result, out)
        out.append(f"</{wrapper}>")
    out.append(f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{name}Response>")
    return HttpResponse(200, _headers(request_id), "".join(out).encode())


def serialize_error(model: Model, error: ErrorReply, request_id: str) -> HttpResponse:
    """An error answer: `<ErrorResponse><Error><Type>…`."""
    out = [f'<ErrorResponse xmlns="{model.xml_namespace}"><Error><Type>{error.fault}</Type>']
    out.append(f"<Code>{xml_values.text(error.code)}</Code>")
    out.append(xml_values.error_members(model, error))
    out.append(f"<Message>{xml_values.text(error.message)}</Message></Error>")
    out.append(f"<RequestId>{request_id}</RequestId></ErrorResponse>")
    return HttpResponse(error.status, _headers(request_id), "".join(out).encode())


def _headers(request_id: str) -> dict[str, str]:
    return {"content-type": "text/xml", "x-amzn-requestid": request_id}
