"""The account's properties. Recorded: radkawar/stackd, testdata/aws/iam/account_properties.json."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gateway.raw_requests import send, sign, unsigned
from services.iam.answers import allow, refused

OFF = {"RoleManager/Enabled": "false"}


def test_role_manager_is_off_and_stays_off(iam: Any) -> None:
    assert iam.get_account_properties()["Properties"] == OFF
    iam.put_account_properties(Properties=OFF)
    iam.put_account_properties(Properties={**OFF, "RoleManager/Other": "x"})
    assert iam.get_account_properties()["Properties"] == OFF
    answer = refused(iam.put_account_properties, Properties={"RoleManager/Enabled": "true"})
    assert answer[::2] == ("NotImplemented", 501)
    assert "the value true of RoleManager/Enabled" in answer[1]


@pytest.mark.parametrize(
    ("properties", "text"),
    [
        ({"RoleManager": "false"}, "Property key must be in format Namespace/PropertyName: RoleManager"),
        ({"RoleManager/": "x"}, "Property key must be in format Namespace/PropertyName: RoleManager/"),
        ({"RoleManager/Enabled/More": "x"}, "RoleManager namespace requires Enabled property"),
        ({"RoleManager/Other": "x"}, "RoleManager namespace requires Enabled property"),
        ({"Other/Enabled": "false"}, "Unsupported namespace: Other"),
        ({**OFF, "Other/Enabled": "false"}, "All properties must belong to the same namespace"),
        ({"RoleManager/Enabled": "FALSE"}, "Enabled must be 'true' or 'false'"),
        ({"RoleManager/Enabled": " false"}, "Enabled must be 'true' or 'false'"),
        ({"RoleManager/Enabled": "0"}, "Enabled must be 'true' or 'false'"),
    ],
)
def test_properties_that_there_are_not(iam: Any, properties: dict[str, str], text: str) -> None:
    assert refused(iam.put_account_properties, Properties=properties) == ("InvalidInput", text, 400)


def test_a_map_of_none(endpoint: str, account: str) -> None:
    """botocore sends none; a body made by hand may. The text is a [guess]."""
    written = unsigned(endpoint, "iam", "PutAccountProperties", {"Properties": OFF})
    body = b"Action=PutAccountProperties&Version=2010-05-08&Properties="
    reply = send(endpoint, sign(replace(written, body=body), "iam", key=account))
    assert (reply.status, reply.error("iam")) == (
        400,
        ("InvalidInput", "At least one property must be given"),
    )


def test_the_namespaces_are_told_to_conditions(user_client: Any) -> None:
    condition = {"ForAllValues:StringEquals": {"iam:AccountPropertyNamespaces": ["RoleManager"]}}
    both = ["iam:GetAccountProperties", "iam:PutAccountProperties"]
    own = user_client("iam", allow(both, Condition=condition))
    assert own.get_account_properties()["Properties"] == OFF
    own.put_account_properties(Properties=OFF)
    assert refused(own.put_account_properties, Properties={"Other/Enabled": "x"})[0] == "AccessDenied"
    assert refused(own.put_account_properties, Properties={})[::2] == ("ValidationError", 400)
