"""Access Advisor at service level (slr.md 6): from the calls really made."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from batchyard.data.service_names import names
from batchyard.policy.document import parse
from batchyard.services.iam.policies.granted_services import granted_services
from services.iam.answers import EC2_TRUST, allow, refused


def _report(iam: Any, arn: str, **request: Any) -> list[dict[str, Any]]:
    """The whole report of an entity, page by page."""
    job = iam.generate_service_last_accessed_details(Arn=arn, **request)["JobId"]
    assert len(job) == 36
    found: list[dict[str, Any]] = []
    granularity = request.get("Granularity", "SERVICE_LEVEL")
    request = {"JobId": job, "MaxItems": 100}
    while True:
        page = iam.get_service_last_accessed_details(**request)
        assert (page["JobStatus"], page["JobType"]) == ("COMPLETED", granularity)
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
    arn = f"arn:aws:iam::{account}:user/none"
    assert refused(iam.generate_service_last_accessed_details, Arn=arn)[::2] == ("NoSuchEntity", 404)
    job = "00000000-0000-4000-8000-000000000000"
    assert refused(iam.get_service_last_accessed_details, JobId=job)[::2] == ("NoSuchEntity", 404)


def test_what_each_action_was_last_used_for(iam: Any, user: Any, signed: Any, wait_for: Any) -> None:
    """ACTION_LEVEL: each granted action of a service that was used, with the newest attempt; services as before."""
    made = user(allow(["iam:Get*", "iam:ListUsers", "iam:PassRole", "batch:*"]), name="u")
    own = signed("iam", made["key"], made["secret"])
    own.list_users()
    assert refused(own.list_roles)[0] == "AccessDenied"
    assert refused(own.get_user, UserName="none")[0] == "NoSuchEntity"

    def actions() -> Any:
        report = _report(iam, made["arn"], Granularity="ACTION_LEVEL")
        found = {one["ServiceNamespace"]: one for one in report}
        assert "TrackedActionsLastAccessed" not in found["batch"]
        tracked = found["iam"].get("TrackedActionsLastAccessed", [])
        used = {one["ActionName"] for one in tracked if "LastAccessedTime" in one}
        return tracked if used == {"GetUser", "ListUsers"} else None

    tracked = wait_for(actions)
    names = [one["ActionName"] for one in tracked]
    assert {"GetRole", "GetUser", "ListUsers"} <= set(names)
    assert names == sorted(names)
    assert not {"ListRoles", "PassRole"} & set(names)
    by_name = {one["ActionName"]: one for one in tracked}
    assert by_name["GetRole"] == {"ActionName": "GetRole"}
    assert by_name["ListUsers"]["LastAccessedEntity"] == made["arn"]
    assert by_name["ListUsers"]["LastAccessedRegion"] == "us-east-1"
    assert datetime.now(UTC) - by_name["ListUsers"]["LastAccessedTime"] < timedelta(minutes=5)
    assert all("TrackedActionsLastAccessed" not in one for one in _report(iam, made["arn"]))


def test_a_roles_actions_count_by_the_role(iam: Any, assumed: Any, wait_for: Any) -> None:
    """By its unique id and ARN, whatever the session's name; the Region is the call's."""
    assumed("batch", allow("batch:*"), role="worker").describe_job_queues()
    arn = iam.get_role(RoleName="worker")["Role"]["Arn"]

    def used() -> Any:
        (only,) = _report(iam, arn, Granularity="ACTION_LEVEL")
        return {one["ActionName"]: one for one in only.get("TrackedActionsLastAccessed", ())}.get(
            "DescribeJobQueues"
        )

    found = wait_for(used)
    assert (found["LastAccessedEntity"], found["LastAccessedRegion"]) == (arn, "us-east-1")
    assert wait_for(lambda: iam.get_role(RoleName="worker")["Role"]["RoleLastUsed"])["Region"] == "us-east-1"


def test_who_used_a_service(iam: Any, user: Any, signed: Any, wait_for: Any) -> None:
    """With entities: of a group its members, of a policy whom it serves; the newest use first, then the others."""
    arn = iam.create_policy(PolicyName="p", PolicyDocument=allow("iam:*"))["Policy"]["Arn"]
    group = iam.create_group(GroupName="g")["Group"]["Arn"]
    iam.attach_group_policy(GroupName="g", PolicyArn=arn)
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=EC2_TRUST)
    iam.attach_role_policy(RoleName="r", PolicyArn=arn)
    made = {}
    for name in ("one", "idle"):
        made[name] = user(None, name=name)
        iam.add_user_to_group(GroupName="g", UserName=name)
    signed("iam", made["one"]["key"], made["one"]["secret"]).list_users()

    def entities(of: str, **more: Any) -> list[dict[str, Any]]:
        job = iam.generate_service_last_accessed_details(Arn=of)["JobId"]
        answer = iam.get_service_last_accessed_details_with_entities(
            JobId=job, ServiceNamespace="iam", **more
        )
        assert answer["JobStatus"] == "COMPLETED"
        return list(answer["EntityDetailsList"])

    wait_for(lambda: "LastAuthenticated" in entities(group)[0])
    first, second = entities(group)
    assert first["EntityInfo"] == {
        "Arn": made["one"]["arn"],
        "Name": "one",
        "Type": "USER",
        "Id": iam.get_user(UserName="one")["User"]["UserId"],
        "Path": "/",
    }
    assert datetime.now(UTC) - first["LastAuthenticated"] < timedelta(minutes=5)
    assert (second["EntityInfo"]["Name"], "LastAuthenticated" in second) == ("idle", False)
    of_policy = [(one["EntityInfo"]["Type"], one["EntityInfo"]["Name"]) for one in entities(arn)]
    assert of_policy == [("USER", "one"), ("ROLE", "r"), ("USER", "idle")]
    job = iam.generate_service_last_accessed_details(Arn=arn)["JobId"]
    page = iam.get_service_last_accessed_details_with_entities(JobId=job, ServiceNamespace="iam", MaxItems=2)
    assert page["IsTruncated"] is True
    rest = iam.get_service_last_accessed_details_with_entities(
        JobId=job, ServiceNamespace="iam", Marker=page["Marker"]
    )
    assert [one["EntityInfo"]["Name"] for one in rest["EntityDetailsList"]] == ["idle"]
    answer = refused(iam.get_service_last_accessed_details_with_entities, JobId=job, ServiceNamespace="s3")
    assert answer[0] == "InvalidInput"
    own = signed("iam", made["one"]["key"], made["one"]["secret"])
    answer = refused(own.get_service_last_accessed_details_with_entities, JobId=job, ServiceNamespace="iam")
    assert answer[0] == "NoSuchEntity"


def test_which_policies_grant_a_service(iam: Any, user: Any) -> None:
    """A user's own and its groups', inline and managed; no boundary, and nothing where none allows (aws-cli)."""
    arn = user(allow("codecommit:*"), name="sofia")["arn"]
    iam.create_group(GroupName="g")
    iam.add_user_to_group(GroupName="g", UserName="sofia")
    iam.put_group_policy(GroupName="g", PolicyName="shared", PolicyDocument=allow("*"))
    read_only = "arn:aws:iam::aws:policy/AWSCodeCommitReadOnly"
    iam.attach_group_policy(GroupName="g", PolicyArn=read_only)
    iam.put_user_permissions_boundary(UserName="sofia", PermissionsBoundary=read_only)
    denied = allow("s3:*").replace('"Allow"', '"Deny"')
    iam.put_user_policy(UserName="sofia", PolicyName="denied", PolicyDocument=denied)
    asked = {"ServiceNamespaces": ["codecommit", "s3", "none"]}
    answer = iam.list_policies_granting_service_access(Arn=arn, **asked)
    inline = {"PolicyType": "INLINE", "EntityType": "GROUP", "EntityName": "g"}
    shared = {"PolicyName": "shared", **inline}
    assert answer["PoliciesGrantingServiceAccess"] == [
        {
            "ServiceNamespace": "codecommit",
            "Policies": [
                {**inline, "PolicyName": "inline", "EntityType": "USER", "EntityName": "sofia"},
                shared,
                {"PolicyName": "AWSCodeCommitReadOnly", "PolicyType": "MANAGED", "PolicyArn": read_only},
            ],
        },
        {"ServiceNamespace": "s3", "Policies": [shared]},
        {"ServiceNamespace": "none", "Policies": []},
    ]
    group = arn.replace("user/sofia", "group/g")
    answer = iam.list_policies_granting_service_access(Arn=group, ServiceNamespaces=["s3"])
    assert answer["PoliciesGrantingServiceAccess"] == [{"ServiceNamespace": "s3", "Policies": [shared]}]
    missing = arn.replace("sofia", "none")
    assert refused(iam.list_policies_granting_service_access, Arn=missing, **asked)[::2] == (
        "NoSuchEntity",
        404,
    )
    many = [f"service{number}" for number in range(150)]
    page = iam.list_policies_granting_service_access(Arn=arn, ServiceNamespaces=many)
    assert (len(page["PoliciesGrantingServiceAccess"]), page["IsTruncated"]) == (100, True)


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
    assert set(granted_services([parse(json.dumps(document), kind="identity")])) == spaces


def test_stars_and_not_action_grant_all_the_rest() -> None:
    everything = granted_services([parse(allow("*"), kind="identity")])
    assert everything == sorted(names())
    document = {"Effect": "Allow", "NotAction": ["iam:*", "ec2:Describe*"], "Resource": "*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [document]})
    rest = granted_services([parse(text, kind="identity")])
    assert set(everything) - set(rest) == {"iam"}
