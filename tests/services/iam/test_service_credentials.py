"""Service-specific credentials. Shapes: aws-cli's examples of create- and list-service-specific-credential(s)."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from batchyard.app import App
from services.iam.answers import allow, refused

GIT = "codecommit.amazonaws.com"


@pytest.fixture
def made(iam: Any) -> dict[str, Any]:
    """A user's credential for CodeCommit, with its password."""
    iam.create_user(UserName="sofia")
    answer = iam.create_service_specific_credential(UserName="sofia", ServiceName=GIT)
    return dict(answer["ServiceSpecificCredential"])


def test_a_credential_from_first_to_last(iam: Any, account: str, made: dict[str, Any], app: App) -> None:
    password = made.pop("ServicePassword")
    assert len(base64.b64decode(password)) == 32
    assert made["ServiceUserName"] == f"sofia-at-{account}"
    assert made["ServiceSpecificCredentialId"].startswith("ACCA")
    assert made["Status"] == "Active"
    named = {"UserName": "sofia", "ServiceSpecificCredentialId": made["ServiceSpecificCredentialId"]}
    assert iam.list_service_specific_credentials(UserName="sofia")["ServiceSpecificCredentials"] == [made]
    other = "cassandra.amazonaws.com"
    listed = iam.list_service_specific_credentials(UserName="sofia", ServiceName=other)
    assert listed["ServiceSpecificCredentials"] == []
    iam.update_service_specific_credential(**named, Status="Inactive")
    again = iam.reset_service_specific_credential(**named)["ServiceSpecificCredential"]
    assert again.pop("ServicePassword") != password
    assert again == {**made, "Status": "Inactive"}
    second = iam.create_service_specific_credential(UserName="sofia", ServiceName=GIT)
    assert second["ServiceSpecificCredential"]["ServiceUserName"] == f"sofia+1-at-{account}"
    answer = refused(iam.create_service_specific_credential, UserName="sofia", ServiceName=GIT)
    assert answer[::2] == ("LimitExceeded", 409)
    with app.store.read() as tx:
        assert not any(password in str(line) for line in tx._driver.iterdump())
    assert refused(iam.delete_user, UserName="sofia")[::2] == ("DeleteConflict", 409)
    iam.delete_service_specific_credential(**named)
    answer = refused(iam.delete_service_specific_credential, **named)
    assert answer[::2] == ("NoSuchEntity", 404)


def test_a_policy_may_name_the_service(iam: Any, made: dict[str, Any], user: Any, signed: Any) -> None:
    only: dict[str, Any] = {"Condition": {"StringEquals": {"iam:ServiceSpecificCredentialServiceName": GIT}}}
    somebody = user(allow("iam:*ServiceSpecificCredential", **only), name="admin")
    own = signed("iam", somebody["key"], somebody["secret"])
    own.reset_service_specific_credential(
        UserName="sofia", ServiceSpecificCredentialId=made["ServiceSpecificCredentialId"]
    )
    own.create_service_specific_credential(UserName="sofia", ServiceName=GIT)
    other = {"UserName": "sofia", "ServiceName": "cassandra.amazonaws.com"}
    assert refused(own.create_service_specific_credential, **other)[0] == "AccessDenied"
    iam.create_service_specific_credential(**other)


def test_which_services_have_none(iam: Any, made: dict[str, Any]) -> None:
    named = {"UserName": "sofia", "ServiceName": "s3.amazonaws.com"}
    assert refused(iam.create_service_specific_credential, **named)[::2] == ("NotSupportedService", 404)
    assert refused(iam.list_service_specific_credentials, **named)[0] == "NotSupportedService"
