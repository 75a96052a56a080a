"""Errors as botocore reads them: every recorded case, and every error shape of the nine models."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.awsrequest import HeadersDict
from botocore.model import NoShapeFoundError, ServiceModel, StructureShape
from botocore.parsers import create_parser
from hypothesis import given

from batchyard.wire import protocols
from batchyard.wire.errors import ErrorReply
from batchyard.wire.http import HttpResponse
from batchyard.wire.model import load
from wire.cases import OURS, Case, cases
from wire.shape_values import SERVICES, few, service_model, structures

RECORDED = [case for case in cases("output") if "error" in case.case]


def read(model: ServiceModel, response: HttpResponse) -> dict[str, Any]:
    """What a client is told: the general part of an error, and the members of its shape."""
    parser = create_parser(model.protocol)
    given_ = {
        "status_code": response.status,
        "headers": HeadersDict(response.headers),
        "body": response.body,
        "context": {},
    }
    parsed: dict[str, Any] = parser.parse(given_, None)  # type: ignore[arg-type]  # botocore calls it so
    try:
        shape = model.shape_for_error_code(parsed["Error"]["Code"])
    except NoShapeFoundError:
        return parsed
    return parsed | parser.parse(given_, shape)


def test_there_are_recorded_errors_for_every_protocol() -> None:
    assert {case.protocol for case in RECORDED} == set(OURS)


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in RECORDED])
def test_a_recorded_error_means_the_same(case: Case) -> None:
    recorded = case.case
    model = case.model()
    names = ("message", "code")
    members = {name: value for name, value in recorded["error"].items() if name.lower() not in names}
    message = recorded.get("errorMessage", "")
    status = recorded["response"]["status_code"]
    reply = ErrorReply(recorded["errorCode"], message, status, "Sender", members)
    response = protocols.serialize_error(model, reply, "the-request")
    description = {
        "metadata": case.description["metadata"],
        "operations": {case.given["name"]: case.operation()},
        "shapes": case.description.get("shapes", {}),
    }
    parsed = read(ServiceModel(description), response)
    assert parsed["Error"]["Code"] == recorded["errorCode"]
    assert (parsed["Error"]["Message"] or "") == message
    assert response.status == status
    expected = {name: value for name, value in members.items() if name != "Status"}
    assert {name: parsed[name] for name in expected} == expected


@pytest.mark.parametrize("service", SERVICES)
def test_every_error_of_a_model(service: str) -> None:
    theirs = service_model(service)
    for shape in theirs.error_shapes:
        assert isinstance(shape, StructureShape)
        ours = load(service).error_shape(shape.name)
        assert ours is not None
        assert ours.error_code == shape.error_code
        wire_code = shape.error_code

        @few(2)
        @given(structures(shape, theirs.protocol))
        def means_the_same(members: dict[str, Any]) -> None:
            further = {name: value for name, value in members.items() if name.lower() != "message"}
            reply = ErrorReply(wire_code, "So it is & <not>", ours.http_status, "Sender", further)  # noqa: B023
            response = protocols.serialize_error(load(service), reply, "the-request")
            parsed = read(theirs, response)
            assert parsed["Error"]["Code"] == wire_code  # noqa: B023
            assert parsed["Error"]["Message"] == "So it is & <not>"
            assert parsed["ResponseMetadata"]["RequestId"] == "the-request"
            assert response.status == ours.http_status  # noqa: B023
            assert {name: parsed[name] for name in further} == further

        means_the_same()


@pytest.mark.parametrize("service", SERVICES)
def test_a_code_that_no_model_has_is_told_as_well(service: str) -> None:
    reply = ErrorReply("AccessDenied", "User: é is not authorized", 403)
    response = protocols.serialize_error(load(service), reply, "the-request")
    parsed = read(service_model(service), response)
    assert (parsed["Error"]["Code"], parsed["Error"]["Message"]) == (reply.code, reply.message)
    assert response.status == 403


@pytest.mark.parametrize(
    ("service", "code", "status"),
    [
        ("iam", "NoSuchEntity", 404),
        ("iam", "UnmodifiableEntity", 400),
        ("batch", "ClientException", 400),
        ("batch", "ServerException", 500),
        ("ecs", "ServerException", 500),
        ("ecs", "ClusterNotFoundException", 400),
        ("eks", "ResourceNotFoundException", 404),
    ],
)
def test_the_models_statuses(service: str, code: str, status: int) -> None:
    declared = load(service).error_shape(code)
    assert declared is not None
    assert declared.http_status == status


def test_a_structure_that_is_no_error_is_none() -> None:
    assert load("iam").error_shape("Role") is None
    assert load("iam").error_shape("NoSuchEntityException") is not None
