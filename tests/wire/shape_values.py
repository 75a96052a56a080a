"""Random values of botocore's shapes, and the clients' side of a round trip."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any

import botocore.session
from botocore.model import (
    ListShape,
    MapShape,
    OperationModel,
    ServiceModel,
    Shape,
    StringShape,
    StructureShape,
)
from botocore.parsers import create_parser
from botocore.serialize import create_serializer
from botocore.utils import percent_encode_sequence
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from batchyard.wire.http import HttpRequest, HttpResponse

SERVICES = ("iam", "sts", "batch", "ecs", "ec2", "autoscaling", "eks", "logs", "cloudtrail")
DEEPEST = 6

# What XML 1.0 can hold; JSON holds every character but lone surrogates.
_XML_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Cn")), max_size=8)
_JSON_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=8)
_LABEL_TEXT = st.text("abc:/%+-. é", min_size=1, max_size=8).filter(lambda text: text not in (".", ".."))
_SCALARS: dict[str, st.SearchStrategy[Any]] = {
    "boolean": st.booleans(),
    "integer": st.integers(-(2**31), 2**31 - 1),
    "long": st.integers(-(2**63), 2**63 - 1),
    "float": st.floats(allow_nan=False, allow_infinity=False),
    "double": st.floats(allow_nan=False, allow_infinity=False),
    "timestamp": st.integers(0, 4_102_444_800).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    "blob": st.binary(max_size=8),
}


def few(examples: int) -> settings:
    """The same examples on every run, so many for each operation."""
    return settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


@cache
def service_model(service: str) -> ServiceModel:
    return botocore.session.get_session().get_service_model(service)


def values(shape: Shape, protocol: str, depth: int = 0) -> st.SearchStrategy[Any]:
    """Values of a shape. An empty list or structure has no form in query and ec2 requests: none is made there."""
    kind = shape.type_name
    is_xml = protocol in ("query", "ec2")
    text = _XML_TEXT if is_xml else _JSON_TEXT
    if isinstance(shape, StructureShape):
        if shape.is_document_type:
            return st.dictionaries(text, st.integers(0, 9) | text | st.lists(st.booleans()), max_size=2)
        return structures(shape, protocol, depth)
    if isinstance(shape, ListShape):
        located = shape.serialization.get("location") is not None
        least = 1 if is_xml or located else 0
        return st.lists(values(shape.member, protocol, depth + 1), min_size=least, max_size=2)
    if isinstance(shape, MapShape):
        inner = values(shape.value, protocol, depth + 1)
        return st.dictionaries(text, inner, min_size=1 if is_xml else 0, max_size=2)
    if kind in ("string", "character"):
        if isinstance(shape, StringShape) and shape.enum:
            return st.sampled_from(shape.enum)
        return _LABEL_TEXT if shape.serialization.get("location") == "uri" else text
    return _SCALARS[kind]


def structures(shape: StructureShape, protocol: str, depth: int = 0) -> st.SearchStrategy[dict[str, Any]]:
    members: dict[str, Shape] = dict(shape.members)
    if not members:
        return st.just({})

    def some(names: set[str]) -> st.SearchStrategy[dict[str, Any]]:
        return st.fixed_dictionaries(
            {name: _member(members[name], protocol, depth) for name in sorted(names)}
        )

    if shape.is_tagged_union:
        return st.sampled_from(sorted(members)).flatmap(lambda name: some({name}))
    needed = set(shape.required_members)
    needed |= {name for name, member in members.items() if member.serialization.get("location") == "uri"}
    if depth > DEEPEST:
        nested = ("structure", "list", "map")
        shallow = {name for name, member in members.items() if member.type_name not in nested}
        return some(needed or set(sorted(shallow or members)[:1]))
    least = 1 if depth and protocol in ("query", "ec2") else 0
    chosen = st.sets(st.sampled_from(sorted(members)), min_size=least, max_size=6)
    return chosen.flatmap(lambda names: some(names | needed))


def _member(shape: Shape, protocol: str, depth: int) -> st.SearchStrategy[Any]:
    if not shape.serialization.get("eventstream"):
        return values(shape, protocol, depth + 1)
    assert isinstance(shape, StructureShape)
    events = [
        st.fixed_dictionaries({name: values(member, protocol, depth + 1)})
        for name, member in shape.members.items()
        if not member.metadata.get("exception")
    ]
    return st.lists(st.one_of(events), max_size=3)


def request_of(params: dict[str, Any], operation: OperationModel) -> HttpRequest:
    """The request that botocore sends for the parameters, as the server sees it."""
    protocol = operation.service_model.protocol
    made = create_serializer(protocol, include_validation=False).serialize_to_request(params, operation)
    body = made["body"]
    if isinstance(body, dict):
        body = percent_encode_sequence(body)
    path, _, given = made["url_path"].partition("?")
    asked = percent_encode_sequence(made.get("query_string") or {})
    headers = {name.lower(): str(value) for name, value in made["headers"].items()}
    return HttpRequest(
        made["method"],
        path,
        "&".join(part for part in (given, asked) if part),
        headers,
        body.encode() if isinstance(body, str) else body,
    )


class RawBody:
    """A response body that botocore reads as a stream."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self) -> Any:
        yield self._body


def stream_of(operation: OperationModel) -> str | None:
    """The member of the answer that is a stream of events, if it has one."""
    shape: Any = operation.output_shape  # botocore's types say None for every shape
    return shape.event_stream_name if shape else None


def meaning_of(response: HttpResponse, operation: OperationModel) -> dict[str, Any]:
    """What botocore makes of our answer; streams of events read to their end."""
    streamed = operation.has_event_stream_output
    parsed: dict[str, Any] = create_parser(operation.service_model.protocol).parse(
        {
            "status_code": response.status,
            "headers": response.headers,
            "body": RawBody(response.body) if streamed else response.body,
            "context": {"operation_name": operation.name},
        },
        operation.output_shape,  # type: ignore[arg-type]  # None, too: botocore calls it so
    )
    if name := stream_of(operation):
        parsed[name] = list(parsed[name])
    return parsed
