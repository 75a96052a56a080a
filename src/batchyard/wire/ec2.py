"""The ec2 protocol: query's forms with names of its own, and answers without a result wrapper."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from batchyard.wire import xml_values
from batchyard.wire.errors import ErrorReply, WireError
from batchyard.wire.form import FormReader, read_form, tree
from batchyard.wire.http import HttpRequest, HttpResponse
from batchyard.wire.model import Model, Operation, Shape


def _name_of(name: str, member: Shape) -> str:
    """queryName, else locationName (else the member's name) with a capital first letter."""
    given = member.trait("queryName")
    if given:
        return str(given)
    plain = str(member.trait("locationName") or name)
    return plain[:1].upper() + plain[1:]


_READER = FormReader(name_of=_name_of, flat_lists=True)


def parse(operation: Operation, http: HttpRequest) -> dict[str, Any]:
    """The request dict of a message; raises WireError, UnknownParameter for a name that EC2 would not know."""
    form = read_form(http)
    if operation.input is None:
        return {}
    root = tree(form)
    known = _known(operation.input)
    for name in root.children:
        if name not in known and not name.startswith("X-Amz-"):
            raise WireError("UnknownParameter", f"The parameter {name} is not recognized")
    return _READER.structure(operation.input, root)


_OF_EVERY_REQUEST = frozenset({"", "Action", "Version"})


def _known(shape: Shape) -> frozenset[str]:
    """The first parts of the parameters that an operation has."""
    found: frozenset[str] | None = shape.compiled.get("ec2 names")
    if found is None:
        names = {_name_of(name, member).partition(".")[0] for name, member in shape.members.items()}
        found = shape.compiled["ec2 names"] = _OF_EVERY_REQUEST | names
    return found


def serialize(operation: Operation, result: Mapping[str, Any], request_id: str) -> HttpResponse:
    """A 200 answer: `<XResponse><requestId>…</requestId>…`."""
    name = operation.name
    out = [f'<{name}Response xmlns="{operation.model.xml_namespace}"><requestId>{request_id}</requestId>']
    if operation.output is not None:
        xml_values.structure(operation.output, result, out)
    out.append(f"</{name}Response>")
    return HttpResponse(200, _headers(request_id), "".join(out).encode())


def serialize_error(model: Model, error: ErrorReply, request_id: str) -> HttpResponse:
    """An error answer: `<Response><Errors><Error>…`."""
    code, message = xml_values.text(error.code), xml_values.text(error.message)
    further = xml_values.error_members(model, error)
    body = (
        f"<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message>{further}</Error></Errors>"
        f"<RequestID>{request_id}</RequestID></Response>"
    )
    return HttpResponse(error.status, _headers(request_id), body.encode())


def _headers(request_id: str) -> dict[str, str]:
    return {"content-type": "text/xml;charset=UTF-8", "x-amzn-requestid": request_id}
