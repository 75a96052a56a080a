"""botocore's protocol cases on the server's side: its requests parse, our answers mean what it recorded."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.awsrequest import HeadersDict
from botocore.eventstream import EventStream
from botocore.model import OperationModel, ServiceModel
from botocore.parsers import create_parser

from batchyard.wire import protocols
from batchyard.wire.model import Shape
from batchyard.wire.route import route_in
from wire.cases import ROOT, Case, cases, request_of
from wire.shape_values import RawBody

COMPRESSED = "the case tells of the header alone: the compressed body that goes with it is not recorded"
EVERY_KEY = "a client's case: on the server a map of the query holds every key, the named ones too (Smithy)"
NOT_BOTOCORES = (
    "botocore leaves it out for itself: its own parser reads the recorded answer to something else"
)
EVERY_HEADER = "a map of all headers takes those that every answer has, such as the request id"
UNIONS = "an answer from a newer model than the client's: the server knows all members of its unions"

# Each case left out, with why the server's side cannot mean the same.
LEFT_OUT_INPUT: dict[str, str] = {
    "ec2-SDKAppliedContentEncoding_ec2Query": COMPRESSED,
    "ec2-SDKAppendsGzipAndIgnoresHttpProvidedEncoding_ec2Query": COMPRESSED,
    "json-SDKAppliedContentEncoding_awsJson1_1": COMPRESSED,
    "json-SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsJson1_1": COMPRESSED,
    "json_1_0-SDKAppliedContentEncoding_awsJson1_0": COMPRESSED,
    "json_1_0-SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsJson1_0": COMPRESSED,
    "query-SDKAppliedContentEncoding_awsQuery": COMPRESSED,
    "query-SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsQuery": COMPRESSED,
    "rest-json-SDKAppliedContentEncoding_restJson1": COMPRESSED,
    "rest-json-SDKAppendedGzipAfterProvidedEncoding_restJson1": COMPRESSED,
    "rest-json-RestJsonQueryParamsStringListMap": EVERY_KEY,
    "rest-json-RestJsonQueryPrecedence": EVERY_KEY,
    "legacy-rest-json-25-7": "a default header of the client's is bound to a member: the server sees it given",
    "rest-json-RestJsonHostWithPath": "the path before the template is the endpoint's, and ours has none",
}
LEFT_OUT_OUTPUT: dict[str, str] = {
    "ec2-Ec2XmlLists": NOT_BOTOCORES,
    "query-QueryXmlLists": NOT_BOTOCORES,
    "rest-json-RestJsonHttpPayloadWithUnsetUnion": NOT_BOTOCORES,
    "rest-json-RestJsonInputAndOutputWithQuotedStringHeaders": NOT_BOTOCORES,
    "rest-json-RestJsonInputAndOutputWithTimestampHeaders": NOT_BOTOCORES,
    "rest-json-HttpPrefixHeadersResponse": EVERY_HEADER,
    "legacy-rest-json-9-0": EVERY_HEADER,
    "legacy-rest-json-17-2": UNIONS,
}


def _ids(kind: str) -> list[Any]:
    left_out = LEFT_OUT_INPUT if kind == "input" else LEFT_OUT_OUTPUT
    return [
        pytest.param(case, id=case.name)
        for case in cases(kind)
        if case.name not in left_out and "error" not in case.case
    ]


def test_the_cases_left_out_are_real_and_botocores_own_reasons_hold() -> None:
    ignored = json.loads((ROOT / "protocol-tests-ignore-list.json").read_text())["protocols"]
    for kind, left_out in (("input", LEFT_OUT_INPUT), ("output", LEFT_OUT_OUTPUT)):
        assert set(left_out) <= {case.name for case in cases(kind)}
        for name in (name for name, reason in left_out.items() if reason is NOT_BOTOCORES):
            protocol = "rest-json" if name.startswith("rest-json") else name.partition("-")[0]
            assert name.removeprefix(f"{protocol}-") in ignored[protocol][kind]["cases"]


@pytest.mark.parametrize("case", _ids("input"))
def test_a_recorded_request_parses_to_its_params(case: Case) -> None:
    model = case.model()
    operation = model.operations[case.given["name"]]
    http = request_of(case)
    if "host" not in case.case["serialized"]:
        http.headers.setdefault("host", "example.com")
    parsed = protocols.parse(operation, http)
    params = with_tokens(operation.input, case.case.get("params", {})) if operation.input else {}
    expected = plain(operation.input, params) if operation.input else {}
    assert plain(operation.input, parsed) == expected if operation.input else parsed == {}


@pytest.mark.parametrize(
    "case", [param for param in _ids("input") if param.values[0].protocol == "rest-json"]
)
def test_a_recorded_rest_request_routes_to_its_operation(case: Case) -> None:
    found = route_in(case.model(), request_of(case))
    assert found is not None
    assert found.name == case.given["name"]


@pytest.mark.parametrize("case", _ids("output"))
def test_a_recorded_result_serialized_by_us_means_the_same_to_botocore(case: Case) -> None:
    model = case.model()
    operation = model.operations[case.given["name"]]
    result = decoded(operation.output, case.case["result"]) if operation.output else {}
    response = protocols.serialize(operation, result, "request-id")
    botocore_model = ServiceModel(
        {
            "metadata": case.description["metadata"],
            "operations": {case.given["name"]: case.operation()},
            "shapes": case.description.get("shapes", {}),
        }
    )
    theirs = OperationModel(case.operation(), botocore_model)
    streamed = theirs.has_event_stream_output
    parsed = create_parser(case.description["metadata"]["protocol"]).parse(
        {
            "status_code": response.status,
            "headers": HeadersDict(response.headers),
            "body": RawBody(response.body) if streamed else response.body,
            "context": {"operation_name": theirs.name},
        },
        theirs.output_shape,  # type: ignore[arg-type]  # None, too: botocore calls it so
    )
    parsed.pop("ResponseMetadata", None)
    expected = plain(operation.output, result) if operation.output else {}
    assert plain(operation.output, materialized(parsed)) == expected if operation.output else parsed == {}


TOKEN = "00000000-0000-4000-8000-000000000000"


def with_tokens(shape: Shape, params: Any) -> Any:
    """The params with the idempotency token that botocore's serializer fills in where none was given."""
    tokens = {name: TOKEN for name, member in shape.members.items() if member.trait("idempotencyToken")}
    return {**tokens, **params}


def materialized(value: Any) -> Any:
    """Streams of events read to their end, everything else as it is."""
    if isinstance(value, dict):
        return {key: materialized(inner) for key, inner in value.items()}
    return list(value) if isinstance(value, EventStream) else value


def decoded(shape: Shape, value: Any) -> Any:
    """A recorded result (JSON) as an operation's function would give it."""
    if value is None or shape.is_document:
        return value
    if shape.trait("eventstream") and isinstance(value, list):
        return [decoded(shape, event) for event in value]
    if shape.type == "structure":
        return {
            name: decoded(shape.members[name], inner)
            for name, inner in value.items()
            if name in shape.members
        }
    if shape.type == "list":
        return [decoded(shape.member, item) for item in value]
    if shape.type == "map":
        return {key: decoded(shape.value, item) for key, item in value.items()}
    if shape.type == "timestamp":
        return as_time(value)
    if shape.type in ("float", "double") and isinstance(value, str):
        return float(value)
    return value


def as_time(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    if isinstance(value, str):
        return datetime.fromisoformat(value).astimezone(UTC)
    return datetime.fromtimestamp(value, UTC)


def plain(shape: Shape, value: Any) -> Any:
    """A value in a form that compares: empty and absent alike, times in seconds, NaN as text, blobs as bytes."""
    if value is None or shape.is_document:
        return value
    if shape.trait("eventstream") and isinstance(value, list):
        return [plain(shape, event) for event in value]
    if shape.type == "structure":
        inner = {
            name: plain(shape.members[name], one) for name, one in value.items() if name in shape.members
        }
        return {name: one for name, one in inner.items() if one not in (None, {}, [], "", b"")}
    if shape.type == "list":
        return [plain(shape.member, item) for item in value if item is not None]
    if shape.type == "map":
        return {key: plain(shape.value, item) for key, item in value.items() if item is not None}
    if shape.type == "timestamp":
        return round(as_time(value).timestamp(), 3)
    if shape.type == "blob":
        return value.encode() if isinstance(value, str) else bytes(value)
    if shape.type in ("float", "double"):
        number = float(value)
        return "NaN" if math.isnan(number) else number
    if shape.trait("jsonvalue"):
        return json.loads(value) if isinstance(value, str) else value
    return value
