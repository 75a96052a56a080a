"""Permissions boundaries of users and roles."""

from __future__ import annotations

from typing import Any

import pytest

from services.iam.answers import EC2_TRUST, Owner, allow, refused


@pytest.fixture(params=["user", "role"])
def owner(iam: Any, request: Any) -> Owner:
    return Owner(iam, request.param)


@pytest.fixture
def boundary(iam: Any) -> str:
    document = allow(["iam:GetUser", "iam:ListUsers", "iam:CreateUser"])
    return str(iam.create_policy(PolicyName="boundary", PolicyDocument=document)["Policy"]["Arn"])


def test_put_and_delete(iam: Any, owner: Owner, boundary: str) -> None:
    put, get = owner.call("put_boundary"), owner.call("get")
    put(**owner.name, PermissionsBoundary=boundary)
    kind = owner.kind.capitalize()
    shown = get(**owner.name)[kind]["PermissionsBoundary"]
    assert shown == {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": boundary}
    policy = iam.get_policy(PolicyArn=boundary)["Policy"]
    assert (policy["PermissionsBoundaryUsageCount"], policy["AttachmentCount"]) == (1, 0)
    owner.call("delete_boundary")(**owner.name)
    assert "PermissionsBoundary" not in get(**owner.name)[kind]
    assert iam.get_policy(PolicyArn=boundary)["Policy"]["PermissionsBoundaryUsageCount"] == 0


def test_what_bounds_nothing(owner: Owner, account: str) -> None:
    arn = f"arn:aws:iam::{account}:policy/none"
    text = f"Policy {arn} does not exist or is not attachable."
    put = owner.call("put_boundary")
    assert refused(put, **owner.name, PermissionsBoundary=arn) == ("NoSuchEntity", text, 404)
    assert refused(owner.call("delete_boundary"), **owner.name)[0] == "NoSuchEntity"


def test_deleting_the_bounded_forgets_the_use(iam: Any, owner: Owner, boundary: str) -> None:
    owner.call("put_boundary")(**owner.name, PermissionsBoundary=boundary)
    owner.call("delete")(**owner.name)
    iam.delete_policy(PolicyArn=boundary)


def test_a_boundary_bounds(iam: Any, boundary: str, user: Any, signed: Any) -> None:
    """iam-evaluation.md 1 and 6: the intersection, and the denial's words."""
    made = user(allow("iam:*"), name="bounded")
    own = signed("iam", made["key"], made["secret"])
    own.list_roles()
    iam.put_user_permissions_boundary(UserName="bounded", PermissionsBoundary=boundary)
    own.list_users()
    code, text, status = refused(own.list_roles)
    assert (code, status) == ("AccessDenied", 403)
    assert text.endswith("because no permissions boundary allows the iam:ListRoles action")
    iam.delete_user_permissions_boundary(UserName="bounded")
    own.list_roles()


def test_who_creates_can_be_held_to_a_boundary(iam: Any, boundary: str, user_client: Any) -> None:
    """iam:PermissionsBoundary (IAM user guide, permissions boundaries: delegating responsibility)."""
    bound: dict[str, Any] = {"Condition": {"StringEquals": {"iam:PermissionsBoundary": boundary}}}
    own = user_client("iam", allow(["iam:CreateUser", "iam:CreateRole", "iam:PutUserPolicy"], **bound))
    assert refused(own.create_user, UserName="free")[0] == "AccessDenied"
    made = own.create_user(UserName="held", PermissionsBoundary=boundary)["User"]
    assert made["PermissionsBoundary"]["PermissionsBoundaryArn"] == boundary
    assert refused(own.create_role, RoleName="r", AssumeRolePolicyDocument=EC2_TRUST)[0] == "AccessDenied"
    own.put_user_policy(UserName="held", PolicyName="p", PolicyDocument=allow("*"))
    iam.create_user(UserName="free")
    answer = refused(own.put_user_policy, UserName="free", PolicyName="p", PolicyDocument=allow("*"))
    assert answer[0] == "AccessDenied"


def test_a_policy_of_service_linked_roles_bounds_nobody(iam: Any, owner: Owner) -> None:
    """slr.md 3: neither put later nor given at creation."""
    arn = "arn:aws:iam::aws:policy/aws-service-role/BatchServiceRolePolicy"
    put = owner.call("put_boundary")
    assert refused(put, **owner.name, PermissionsBoundary=arn)[0] == "PolicyNotAttachable"
    create = iam.create_user if owner.kind == "user" else iam.create_role
    request = {f"{owner.kind.capitalize()}Name": "another", "PermissionsBoundary": arn}
    if owner.kind == "role":
        request["AssumeRolePolicyDocument"] = EC2_TRUST
    assert refused(create, **request)[0] == "PolicyNotAttachable"
    assert iam.get_policy(PolicyArn=arn)["Policy"]["PermissionsBoundaryUsageCount"] == 0
