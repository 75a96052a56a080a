"""Managed policies on users, groups and roles. Recorded texts: SNAP (users, groups, roles)."""

from __future__ import annotations

from typing import Any

import pytest

from services.iam.answers import Owner, allow, refused, without_metadata

READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


@pytest.fixture(params=["user", "group", "role"])
def owner(iam: Any, request: Any) -> Owner:
    return Owner(iam, request.param)


def test_attach_list_detach(owner: Owner, iam: Any) -> None:
    """SNAP test_role_managed_policy_lifecycle; attaching again changes nothing."""
    own = iam.create_policy(PolicyName="own", PolicyDocument=allow("s3:*"), Path="/x/")["Policy"]["Arn"]
    for arn in (READ_ONLY, own, own):
        owner.call("attach_policy")(**owner.name, PolicyArn=arn)
    listed = without_metadata(owner.call("list_attached")(**owner.name))
    assert listed == {
        "AttachedPolicies": [
            {"PolicyName": "own", "PolicyArn": own},
            {"PolicyName": "ReadOnlyAccess", "PolicyArn": READ_ONLY},
        ],
        "IsTruncated": False,
    }
    below = owner.call("list_attached")(**owner.name, PathPrefix="/x/")["AttachedPolicies"]
    assert [one["PolicyName"] for one in below] == ["own"]
    assert iam.get_policy(PolicyArn=own)["Policy"]["AttachmentCount"] == 1
    owner.call("detach_policy")(**owner.name, PolicyArn=own)
    assert iam.get_policy(PolicyArn=own)["Policy"]["AttachmentCount"] == 0
    missing = ("NoSuchEntity", f"Policy {own} was not found.", 404)
    assert refused(owner.call("detach_policy"), **owner.name, PolicyArn=own) == missing


def test_what_cannot_be_attached(owner: Owner, account: str) -> None:
    """SNAP test_role_managed_policy_lifecycle for the first; slr.md 3 for the ARN and the linked policy."""
    nothing = f"arn:aws:iam::{account}:policy/nothing"
    text = f"Policy {nothing} does not exist or is not attachable."
    attach = owner.call("attach_policy")
    assert refused(attach, **owner.name, PolicyArn=nothing) == ("NoSuchEntity", text, 404)
    text = "Invalid ARN:  Could not be parsed!"
    assert refused(attach, **owner.name, PolicyArn="a-name-and-no-arn-at-all") == (
        "ValidationError",
        text,
        400,
    )
    linked = "arn:aws:iam::aws:policy/aws-service-role/BatchServiceRolePolicy"
    text = f"Cannot attach a Service Role Policy to a Customer {owner.kind.capitalize()}."
    assert refused(attach, **owner.name, PolicyArn=linked) == ("PolicyNotAttachable", text, 400)
    assert owner.call("list_attached")(**owner.name)["AttachedPolicies"] == []


def test_at_most_ten_are_attached(owner: Owner, iam: Any) -> None:
    """`Cannot exceed quota for PoliciesPerRole: 10` (many deployment logs); users and groups likewise."""
    arns = [
        iam.create_policy(PolicyName=f"p{number}", PolicyDocument=allow("s3:*"))["Policy"]["Arn"]
        for number in range(11)
    ]
    for arn in arns[:10]:
        owner.call("attach_policy")(**owner.name, PolicyArn=arn)
    owner.call("attach_policy")(**owner.name, PolicyArn=arns[0])
    text = f"Cannot exceed quota for PoliciesPer{owner.kind.capitalize()}: 10"
    assert refused(owner.call("attach_policy"), **owner.name, PolicyArn=arns[10]) == (
        "LimitExceeded",
        text,
        409,
    )


def test_who_has_a_policy(iam: Any) -> None:
    arn = iam.create_policy(PolicyName="p", PolicyDocument=allow("s3:*"))["Policy"]["Arn"]
    for kind in ("user", "group", "role"):
        owner = Owner(iam, kind)
        owner.call("attach_policy")(**owner.name, PolicyArn=arn)
    iam.put_role_permissions_boundary(RoleName="owner", PermissionsBoundary=arn)
    found = iam.list_entities_for_policy(PolicyArn=arn)
    assert [one["UserName"] for one in found["PolicyUsers"]] == ["owner"]
    assert [one["GroupName"] for one in found["PolicyGroups"]] == ["owner"]
    assert [one["RoleName"] for one in found["PolicyRoles"]] == ["owner"]
    bounded = iam.list_entities_for_policy(PolicyArn=arn, PolicyUsageFilter="PermissionsBoundary")
    assert (bounded["PolicyUsers"], len(bounded["PolicyRoles"])) == ([], 1)
    users = iam.list_entities_for_policy(PolicyArn=arn, EntityFilter="User")
    assert (len(users["PolicyUsers"]), users["PolicyGroups"], users["PolicyRoles"]) == (1, [], [])
    first = iam.list_entities_for_policy(PolicyArn=arn, MaxItems=2)
    assert first["IsTruncated"]
    rest = iam.list_entities_for_policy(PolicyArn=arn, Marker=first["Marker"])
    assert (len(rest["PolicyUsers"]), rest["PolicyGroups"], rest["IsTruncated"]) == (1, [], False)


def test_attachments_act_from_the_next_call_on(iam: Any, user: Any, signed: Any) -> None:
    made = user(None, name="u")
    own = signed("iam", made["key"], made["secret"])
    assert refused(own.list_roles)[0] == "AccessDenied"
    iam.attach_user_policy(UserName="u", PolicyArn=READ_ONLY)
    assert own.list_roles()["Roles"] == []
    iam.detach_user_policy(UserName="u", PolicyArn=READ_ONLY)
    assert refused(own.list_roles)[0] == "AccessDenied"


def test_which_policy_may_be_attached_can_be_bounded(iam: Any, user_client: Any) -> None:
    """iam:PolicyARN (IAM user guide, IAM condition keys)."""
    iam.create_user(UserName="target")
    only: dict[str, Any] = {"Condition": {"ArnEquals": {"iam:PolicyARN": READ_ONLY}}}
    own = user_client("iam", allow("iam:AttachUserPolicy", **only))
    other = "arn:aws:iam::aws:policy/AdministratorAccess"
    assert refused(own.attach_user_policy, UserName="target", PolicyArn=other)[0] == "AccessDenied"
    own.attach_user_policy(UserName="target", PolicyArn=READ_ONLY)
