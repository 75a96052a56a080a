"""Records against recorded ones: requestParameters, responseElements, errorCode and more of published records."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from batchyard.services.cloudtrail.records import record

CORPUS = Path(__file__).parents[2] / "corpus/cloudtrail"
CASES = [
    pytest.param(path.stem, case, id=f"{path.stem}: {case['name']}")
    for path in sorted(CORPUS.glob("*.json"))
    for case in json.loads(path.read_text())
]
ACCOUNT = "111122223333"


def told(service: str, case: dict[str, Any]) -> dict[str, Any]:
    """The record of a stored event like the case's."""
    row = SimpleNamespace(
        account=ACCOUNT,
        access_key_id="",
        decision=[],
        error_code=case.get("error"),
        error_message="why" if "error" in case else None,
        event_id="EVENT",
        event_time=datetime(2026, 1, 1, tzinfo=UTC),
        identity=case.get("identity", {"type": "Root"}),
        name=case["operation"],
        read_only=case.get("read_only", False),
        region="us-east-1",
        request=case["request"],
        request_id="REQUEST",
        resources=case.get("resources", []),
        response=case.get("response"),
        source=f"{service}.amazonaws.com",
        source_ip="192.0.2.1",
        user_agent="aws-cli/2",
        username="root",
    )
    return record(row)


@pytest.mark.parametrize(("service", "case"), CASES)
def test_a_record_is_like_the_recorded_one(service: str, case: dict[str, Any]) -> None:
    found = told(service, case)
    assert case["source"]
    assert found["requestParameters"] == case["requestParameters"]
    assert found["responseElements"] == case["responseElements"]
    assert found.get("errorCode") == case.get("errorCode", case.get("error"))
    assert ("sharedEventID" in found) == case.get("shared", False)
    for name, value in case.get("record", {}).items():
        assert found[name] == value, name
    assert found["eventType"] == "AwsApiCall"
    assert (found["managementEvent"], found["eventCategory"]) == (True, "Management")
    assert not {"tlsDetails", "vpcEndpointId"} & set(found)


def test_there_are_cases_of_every_service_that_changes_anything() -> None:
    assert {path.stem for path in CORPUS.glob("*.json")} == {
        "autoscaling",
        "batch",
        "ec2",
        "ecs",
        "eks",
        "iam",
        "logs",
        "sts",
    }
