"""What IAM does for AWS Organizations, asked by an account that is in none."""

from __future__ import annotations

from typing import Any

import pytest

from services.iam.answers import allow, refused

PATH = "o-a1b2c3d4e5/r-f6g7h8i9j0example"
NONE = "The request was rejected because no organization is associated with your account."


@pytest.mark.parametrize(
    "operation",
    [
        "enable_organizations_root_credentials_management",
        "enable_organizations_root_sessions",
        "disable_organizations_root_credentials_management",
        "disable_organizations_root_sessions",
        "list_organizations_features",
    ],
)
def test_there_is_no_organization(iam: Any, operation: str) -> None:
    """API reference, EnableOrganizationsRootSessions and its like: the code and its status."""
    assert refused(getattr(iam, operation)) == ("OrganizationNotFoundException", NONE, 400)


def test_no_report_can_be_made(iam: Any) -> None:
    answer = refused(iam.generate_organizations_access_report, EntityPath=PATH)
    assert answer[::2] == ("AccessDenied", 403)
    malformed = refused(iam.generate_organizations_access_report, EntityPath="o-a1b2c3d4e5/and/the/rest")
    assert malformed[::2] == ("ValidationError", 400)
    job = iam.generate_service_last_accessed_details(Arn=iam.create_user(UserName="u")["User"]["Arn"])[
        "JobId"
    ]
    for one in (job, "00000000-0000-0000-0000-000000000000"):
        assert refused(iam.get_organizations_access_report, JobId=one)[::2] == ("NoSuchEntity", 404)


def test_permission_is_asked_first(user: Any, signed: Any, account: str) -> None:
    """The organization's policy is told to conditions (service authorization reference)."""
    condition = {"StringEquals": {"iam:OrganizationsPolicyId": "p-allowed1"}}
    made = user(allow("iam:GenerateOrganizationsAccessReport", Condition=condition))
    own = signed("iam", made["key"], made["secret"])
    resource = f"on resource: arn:aws:iam::{account}:access-report/{PATH} because"
    assert resource in refused(own.generate_organizations_access_report, EntityPath=PATH)[1]
    allowed = {"EntityPath": PATH, "OrganizationsPolicyId": "p-allowed1"}
    assert "because" not in refused(own.generate_organizations_access_report, **allowed)[1]
    code, text, _ = refused(own.enable_organizations_root_sessions)
    assert code == "AccessDenied"
    assert "iam:EnableOrganizationsRootSessions" in text
