"""The rest-json protocol: method and URI name the operation; its input is spread over URI, query, headers, body."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote

from batchyard.wire.errors import ErrorReply, WireError
from batchyard.wire.http import HttpRequest, HttpResponse
from batchyard.wire.json import error_members
from batchyard.wire.json_body import decode, encode
from batchyard.wire.json_values import encoded, reader, wire_name, writer
from batchyard.wire.model import Model, Operation, Shape
from batchyard.wire.scalars import NotThatType, parse_text, write_text
from batchyard.wire.uri import match


def parse(operation: Operation, http: HttpRequest) -> dict[str, Any]:
    """The request dict of a message; raises WireError."""
    shape = operation.input
    if shape is None:
        return {}
    if not _is_spread(shape):
        return _body_members(shape, http)
    request: dict[str, Any] = {}
    labels = match(operation.http_uri, http.path) or {}
    try:
        query = parse_qsl(http.query, keep_blank_values=True, errors="strict")
        for name, member in shape.members.items():
            value = _located(name, member, http, labels, query)
            if value is not None:
                request[name] = value
        _rest_of_query(operation, shape, query, request)
        request |= _payload(shape, http)
    except (NotThatType, UnicodeDecodeError) as error:
        raise WireError("SerializationException", str(error)) from error
    return request


def _is_spread(shape: Shape) -> bool:
    known: bool | None = shape.compiled.get("spread")
    if known is None:
        located = any(member.trait("location") for member in shape.members.values())
        known = shape.compiled["spread"] = located or shape.trait("payload") is not None
    return known


def _body_members(shape: Shape, http: HttpRequest) -> dict[str, Any]:
    value = decode(http.body)
    if not isinstance(value, dict):
        raise WireError("SerializationException", "Unexpected value in payload")
    request: dict[str, Any] = reader(shape)(value)
    return request


def _located(
    name: str, member: Shape, http: HttpRequest, labels: Mapping[str, str], query: list[tuple[str, str]]
) -> Any:
    location = member.trait("location")
    key = wire_name(name, member)
    if location == "uri":
        return parse_text(member, unquote(labels[key], errors="strict")) if key in labels else None
    if location == "querystring":
        return _from_query(member, key, query)
    if location == "header":
        text = http.headers.get(key.lower())
        return None if text is None else _from_header(member, text)
    if location == "headers":
        prefix = key.lower()
        found = {one[len(prefix) :]: text for one, text in http.headers.items() if one.startswith(prefix)}
        return found or None
    return None


def _from_query(member: Shape, key: str, query: list[tuple[str, str]]) -> Any:
    values = [value for name, value in query if name == key]
    if member.type == "list":
        return [parse_text(member.member, value) for value in values] if values else None
    if member.type == "map":
        return None
    return parse_text(member, values[0]) if values else None


def _rest_of_query(
    operation: Operation, shape: Shape, query: list[tuple[str, str]], request: dict[str, Any]
) -> None:
    """A map in the query string takes every key (Smithy's httpQueryParams), but the URI template's own."""
    maps = [
        (name, member)
        for name, member in shape.members.items()
        if member.trait("location") == "querystring" and member.type == "map"
    ]
    if not maps:
        return
    taken = {key for key, _ in parse_qsl(operation.http_uri.partition("?")[2], keep_blank_values=True)}
    for name, member in maps:
        found: dict[str, Any] = {}
        for key, value in query:
            if key in taken:
                continue
            if member.value.type == "list":
                found.setdefault(key, []).append(parse_text(member.value.member, value))
            else:
                found[key] = parse_text(member.value, value)
        if found:
            request[name] = found


def _from_header(member: Shape, text: str) -> Any:
    if member.trait("jsonvalue"):
        try:
            return decode(base64.b64decode(text))
        except ValueError as error:
            raise NotThatType("jsonvalue") from error
    if member.type == "list":
        items = _split_header(member.member, text) if text.strip() else []
        return [parse_text(member.member, one) for one in items]
    return parse_text(member, text)


def _split_header(item: Shape, text: str) -> list[str]:
    """The items of a list header; HTTP dates have commas of their own, strings may be quoted."""
    if item.type == "timestamp" and (item.trait("timestampFormat") or "rfc822") == "rfc822":
        parts = text.split(",")
        return [",".join(parts[index : index + 2]).strip() for index in range(0, len(parts), 2)]
    items: list[str] = []
    current, quoted, escaped = "", False, False
    for letter in text:
        if escaped:
            current, escaped = current + letter, False
        elif quoted and letter == "\\":
            escaped = True
        elif letter == '"':
            quoted = not quoted
        elif letter == "," and not quoted:
            items.append(current.strip())
            current = ""
        else:
            current += letter
    return [*items, current.strip()]


def _payload(shape: Shape, http: HttpRequest) -> dict[str, Any]:
    name = shape.trait("payload")
    if name is None:
        body = [one for one in shape.members.values() if not one.trait("location")]
        if not body:
            return {}
        request = _body_members(shape, http)
        located = {one for one, member in shape.members.items() if member.trait("location")}
        return {key: value for key, value in request.items() if key not in located}
    member = shape.members[name]
    if member.type == "blob":
        return {name: http.body} if http.body or member.trait("streaming") else {}
    if member.type == "string":
        return {name: http.body.decode()} if http.body else {}
    if not http.body:
        return {}
    value = decode(http.body)
    return {name: value if member.is_document else reader(member)(value)}


def serialize(operation: Operation, result: Mapping[str, Any], request_id: str) -> HttpResponse:
    """An answer: members in headers, the status, the payload, or the JSON body."""
    shape = operation.output
    headers = {"content-type": "application/json", "x-amzn-requestid": request_id}
    status = operation.raw.get("http", {}).get("responseCode", 200)
    if shape is None:
        return HttpResponse(status, headers, b"{}")
    if not _is_spread(shape):
        return HttpResponse(status, headers, encoded(shape, result))
    body: dict[str, Any] = {}
    for name, value in result.items():
        member = shape.members.get(name)
        if member is None or value is None:
            continue
        location = member.trait("location")
        if location == "statusCode":
            status = int(value)
        elif location == "header":
            headers[wire_name(name, member).lower()] = _to_header(member, value)
        elif location == "headers":
            prefix = wire_name(name, member).lower()
            headers |= {f"{prefix}{key}".lower(): str(one) for key, one in value.items()}
        else:
            body[name] = value
    return HttpResponse(status, headers, _written_payload(shape, body, headers))


def _written_payload(shape: Shape, body: dict[str, Any], headers: dict[str, str]) -> bytes:
    name = shape.trait("payload")
    if name is None:
        return encode(writer(shape)(body))
    if name not in body:
        return b""
    member, value = shape.members[name], body[name]
    if member.type in ("blob", "string"):
        headers.setdefault("content-type", "application/octet-stream")
        return value.encode() if isinstance(value, str) else bytes(value)
    return encode(writer(member)(value))


def _to_header(member: Shape, value: Any) -> str:
    if member.trait("jsonvalue"):
        return base64.b64encode(encode(value)).decode()
    if member.type == "list":
        return ", ".join(_list_item(member.member, one) for one in value)
    return write_text(member, value, timestamps="rfc822")


def _list_item(item: Shape, value: Any) -> str:
    text = write_text(item, value, timestamps="rfc822")
    if item.type == "string" and ("," in text or '"' in text):
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return text


def serialize_error(model: Model, error: ErrorReply, request_id: str) -> HttpResponse:
    """An error answer: the code in a header, the message in the body under the modelled shape's name for it."""
    headers = {
        "content-type": "application/json",
        "x-amzn-requestid": request_id,
        "x-amzn-errortype": error.code,
    }
    declared = model.error_shape(error.code)
    for name, value in error.members.items() if declared is not None else ():
        member = declared.shape.members.get(name) if declared is not None else None
        if member is not None and member.trait("location") == "header":
            headers[wire_name(name, member).lower()] = _to_header(member, value)
    return HttpResponse(error.status, headers, encode(error_members(model, error)))
