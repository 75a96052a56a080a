"""Access Advisor at service level (slr.md 6): from the calls really made."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from batchyard.data.service_names import names
from batchyard.services.iam.granted_services import granted_services
from services.iam.answers import allow, refused


def _report(iam: Any, arn: str) -> list[dict[str, Any]]:
    """The whole report of an entity, page by page."""
    job = iam.generate_service_last_accessed_details(Arn=arn)["JobId"]
    assert len(job) == 36
    found: list[dict[str, Any]] = []
    request: dict[str, Any] = {"JobId": job, "MaxItems": 100}
    while True:
        page = iam.get_service_last_accessed_details(**request)
        assert (page["JobStatus"], page["JobType"]) == ("COMPLETED", "SERVICE_LEVEL")
        found += page["ServicesLastAccessed"]
        if not page["IsTruncated"]:
            return found
        request["Marker"] = page["Marker"]


def _spaces(report: list[dict[str, Any]]) -> list[str]:
    return [one["ServiceNamespace"] for one in report]


def test_a_fresh_linked_role_shows_none_used(iam: Any) -> None:
    """slr.md 6: the services of BatchServiceRolePolicy, never used: no dates, 0 entities."""
    role = iam.create_service_linked_role(AWSServiceName="batch.amazonaws.com")["Role"]
    report = _report(iam, role["Arn"])
    assert _spaces(report) == ["autoscaling", "ec2", "ecs", "eks", "iam", "logs"]
    for one in report:
        assert set(one) == {"ServiceName", "ServiceNamespace", "TotalAuthenticatedEntities"}
        assert one["TotalAuthenticatedEntities"] == 0
    assert report[1]["ServiceName"] == "Amazon EC2"


def test_what_a_user_did_shows(iam: Any, user: Any, signed: Any, wait_for: Any) -> None:
    made = user(allow(["iam:ListUsers", "sts:GetCallerIdentity", "batch:*"]), name="u")
    own = signed("iam", made["key"], made["secret"])
    own.list_users()
    assert refused(own.list_roles)[0] == "AccessDenied"

    def used() -> Any:
        found = {one["ServiceNamespace"]: one for one in _report(iam, made["arn"])}
        return found if "LastAuthenticated" in found["iam"] else None

    found = wait_for(used)
    assert sorted(found) == ["batch", "iam", "sts"]
    assert found["iam"]["LastAuthenticatedEntity"] == made["arn"]
    assert found["iam"]["LastAuthenticatedRegion"] == "us-east-1"
    assert found["iam"]["TotalAuthenticatedEntities"] == 1
    assert datetime.now(UTC) - found["iam"]["LastAuthenticated"] < timedelta(minutes=5)
    assert "LastAuthenticated" not in found["batch"]


def test_denied_attempts_count(iam: Any, user: Any, signed: Any, wait_for: Any) -> None:
    """IAM user guide, access advisor: attempts, also denied ones."""
    made = user(allow("iam:ListUsers"), name="u")
    assert refused(signed("iam", made["key"], made["secret"]).list_roles)[0] == "AccessDenied"
    wait_for(lambda: "LastAuthenticated" in _report(iam, made["arn"])[0])


def test_groups_and_policies_count_who_has_them(iam: Any, user: Any, signed: Any, wait_for: Any) -> None:
    arn = iam.create_policy(PolicyName="p", PolicyDocument=allow("iam:*"))["Policy"]["Arn"]
    group = iam.create_group(GroupName="g")["Group"]["Arn"]
    iam.attach_group_policy(GroupName="g", PolicyArn=arn)
    for name in ("one", "two", "idle"):
        made = user(None, name=name)
        iam.add_user_to_group(GroupName="g", UserName=name)
        if name != "idle":
            signed("iam", made["key"], made["secret"]).list_users()
    for entity in (group, arn):
        wait_for(lambda entity=entity: _report(iam, entity)[0]["TotalAuthenticatedEntities"] == 2)
        (only,) = _report(iam, entity)
        assert only["LastAuthenticatedEntity"].endswith("user/two")


def test_a_users_report_has_its_groups_services(iam: Any, user: Any) -> None:
    made = user(allow("s3:GetObject"), name="u")
    iam.create_group(GroupName="g")
    iam.put_group_policy(GroupName="g", PolicyName="p", PolicyDocument=allow("logs:*"))
    iam.add_user_to_group(GroupName="g", UserName="u")
    assert _spaces(_report(iam, made["arn"])) == ["logs", "s3"]


def test_only_its_maker_reads_a_report(iam: Any, user_client: Any) -> None:
    own = user_client("iam", allow("iam:*"))
    user = own.get_user()["User"]["Arn"]
    job = own.generate_service_last_accessed_details(Arn=user)["JobId"]
    assert own.get_service_last_accessed_details(JobId=job)["JobStatus"] == "COMPLETED"
    assert refused(iam.get_service_last_accessed_details, JobId=job)[::2] == ("NoSuchEntity", 404)


def test_what_is_refused(iam: Any, account: str) -> None:
    """An entity that is not there; ACTION_LEVEL is not built and says so."""
    arn = f"arn:aws:iam::{account}:user/none"
    assert refused(iam.generate_service_last_accessed_details, Arn=arn)[::2] == ("NoSuchEntity", 404)
    user = iam.create_user(UserName="u")["User"]["Arn"]
    answer = refused(iam.generate_service_last_accessed_details, Arn=user, Granularity="ACTION_LEVEL")
    assert answer[2] == 501


@pytest.mark.parametrize(
    ("statement", "spaces"),
    [
        ({"Action": "batch:SubmitJob"}, {"batch"}),
        ({"Action": ["Batch:*", "ec2:Describe*"]}, {"batch", "ec2"}),
        ({"Action": "no-such-service:*"}, set()),
        ({"Effect": "Deny", "Action": "batch:*"}, set()),
    ],
)
def test_which_services_a_policy_grants(statement: dict[str, Any], spaces: set[str]) -> None:
    document = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Resource": "*", **statement}}
    assert set(granted_services([json.dumps(document)])) == spaces


def test_stars_and_not_action_grant_all_the_rest() -> None:
    everything = granted_services([allow("*")])
    assert everything == sorted(names())
    document = {"Effect": "Allow", "NotAction": ["iam:*", "ec2:Describe*"], "Resource": "*"}
    rest = granted_services([json.dumps({"Version": "2012-10-17", "Statement": [document]})])
    assert set(everything) - set(rest) == {"iam"}
