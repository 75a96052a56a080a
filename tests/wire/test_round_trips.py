"""Every operation of the nine models, both ways: botocore's requests parse, our answers mean what was given."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.model import OperationModel
from hypothesis import given, seed

from batchyard.wire import protocols
from batchyard.wire.model import load
from batchyard.wire.route import route
from wire.shape_values import SERVICES, few, meaning_of, request_of, service_model, stream_of, structures

SEED = 0
"""A seed that is given saves Hypothesis from reading this file for each operation."""

# EC2 alone has 830 operations: it is cut in parts so that they spread over workers.
PARTS = [(service, part) for service in SERVICES for part in range(6 if service == "ec2" else 1)]


def operations(service: str, part: int) -> list[OperationModel]:
    model = service_model(service)
    names = sorted(model.operation_names)
    return [model.operation_model(name) for name in (names[part::6] if service == "ec2" else names)]


def check_requests(service: str, part: int, examples: int) -> None:
    for theirs in operations(service, part):
        if theirs.input_shape is None:
            continue
        ours = load(service).operations[theirs.name]

        @few(examples)
        @seed(SEED)
        @given(structures(theirs.input_shape, theirs.service_model.protocol))
        def parses(params: dict[str, Any]) -> None:
            http = request_of(params, theirs)  # noqa: B023 - called before the loop goes on
            assert route(http, service) is ours  # noqa: B023
            assert protocols.parse(ours, http) == params  # noqa: B023

        parses()


def check_answers(service: str, part: int, examples: int) -> None:
    for theirs in operations(service, part):
        ours = load(service).operations[theirs.name]
        if theirs.output_shape is None:
            response = protocols.serialize(ours, {}, "the-request")
            assert meaning_of(response, theirs)["ResponseMetadata"]["RequestId"] == "the-request"
            continue

        @few(examples)
        @seed(SEED)
        @given(structures(theirs.output_shape, theirs.service_model.protocol))
        def means_the_same(result: dict[str, Any]) -> None:
            response = protocols.serialize(ours, result, "the-request")  # noqa: B023
            assert response.headers["x-amzn-requestid"] == "the-request"
            parsed = meaning_of(response, theirs)  # noqa: B023
            if not theirs.has_event_stream_output:  # noqa: B023 - botocore gives streams no metadata
                assert parsed.pop("ResponseMetadata")["RequestId"] == "the-request"
            parsed.pop("ResponseMetadata", None)
            assert parsed == {name: [] for name in _unset_stream(theirs, result)} | result  # noqa: B023

        means_the_same()


def _unset_stream(operation: OperationModel, result: dict[str, Any]) -> set[str]:
    name = stream_of(operation)
    return {name} - set(result) if name else set()


@pytest.mark.parametrize(("service", "part"), PARTS)
def test_botocores_requests_parse_to_their_parameters(service: str, part: int) -> None:
    check_requests(service, part, 2)


@pytest.mark.parametrize(("service", "part"), PARTS)
def test_our_answers_mean_the_results_to_botocore(service: str, part: int) -> None:
    check_answers(service, part, 2)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("service", "part"), PARTS)
def test_requests_at_length(service: str, part: int) -> None:
    check_requests(service, part, 25)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("service", "part"), PARTS)
def test_answers_at_length(service: str, part: int) -> None:
    check_answers(service, part, 25)


def test_every_operation_of_the_models_is_here() -> None:
    counted = {
        service: sum(len(operations(service, part)) for name, part in PARTS if name == service)
        for service in SERVICES
    }
    assert counted == {service: len(load(service).operations) for service in SERVICES}
    assert sum(counted.values()) > 1_000
