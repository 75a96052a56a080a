"""GetAccountAuthorizationDetails: the recorded shapes (SNAP), filters, and pages over all kinds together."""

from __future__ import annotations

import json
from typing import Any

import pytest

from services.iam.answers import EC2_TRUST, allow, without_metadata

LISTS = ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")
AWS_OWN = "arn:aws:iam::aws:policy/AmazonS3FullAccess"


@pytest.fixture
def everything(iam: Any) -> dict[str, Any]:
    """One of each kind, all tied together; answers what Create said."""
    policy = iam.create_policy(PolicyName="own", PolicyDocument=allow("s3:*"))["Policy"]
    tags = [{"Key": "k", "Value": "v"}]
    user = iam.create_user(UserName="u", Tags=tags, PermissionsBoundary=policy["Arn"])["User"]
    group = iam.create_group(GroupName="g")["Group"]
    role = iam.create_role(RoleName="r", Path="/p/", AssumeRolePolicyDocument=EC2_TRUST, Description="why")[
        "Role"
    ]
    profile = iam.create_instance_profile(InstanceProfileName="i")["InstanceProfile"]
    iam.add_role_to_instance_profile(InstanceProfileName="i", RoleName="r")
    iam.add_user_to_group(GroupName="g", UserName="u")
    iam.put_user_policy(UserName="u", PolicyName="inline", PolicyDocument=allow("s3:GetObject"))
    iam.attach_group_policy(GroupName="g", PolicyArn=AWS_OWN)
    iam.attach_role_policy(RoleName="r", PolicyArn=policy["Arn"])
    iam.create_policy_version(PolicyArn=policy["Arn"], PolicyDocument=allow("s3:Get*"))
    return {"policy": policy, "user": user, "group": group, "role": role, "profile": profile}


def test_everything_as_recorded(iam: Any, everything: dict[str, Any]) -> None:
    """Empty lists are there, but a user's of inline policies; a role's description and session length are not."""
    found = without_metadata(iam.get_account_authorization_details())
    (user,), (group,), (role,), (own, aws_own) = (found[name] for name in LISTS)
    inline = {"PolicyName": "inline", "PolicyDocument": json.loads(allow("s3:GetObject"))}
    assert user == {
        **everything["user"],
        "GroupList": ["g"],
        "UserPolicyList": [inline],
        "AttachedManagedPolicies": [],
    }
    assert group == {
        **everything["group"],
        "GroupPolicyList": [],
        "AttachedManagedPolicies": [{"PolicyName": "AmazonS3FullAccess", "PolicyArn": AWS_OWN}],
    }
    arn = everything["policy"]["Arn"]
    assert role == {
        **everything["role"],
        "InstanceProfileList": [{**everything["profile"], "Roles": [everything["role"]]}],
        "RolePolicyList": [],
        "AttachedManagedPolicies": [{"PolicyName": "own", "PolicyArn": arn}],
        "Tags": [],
        "RoleLastUsed": {},
    }
    assert own["Arn"] == arn
    assert (own["AttachmentCount"], own["PermissionsBoundaryUsageCount"]) == (1, 1)
    versions = [(one["VersionId"], one["IsDefaultVersion"]) for one in own["PolicyVersionList"]]
    assert versions == [("v2", False), ("v1", True)]
    assert own["PolicyVersionList"][1]["Document"] == json.loads(allow("s3:*"))
    assert (aws_own["Arn"], aws_own["AttachmentCount"]) == (AWS_OWN, 1)
    assert aws_own["PolicyVersionList"][0]["Document"]["Statement"]
    assert found["IsTruncated"] is False


@pytest.mark.parametrize(
    ("filters", "counts"),
    [
        (["User"], [1, 0, 0, 0]),
        (["Group"], [0, 1, 0, 0]),
        (["Role"], [0, 0, 1, 0]),
        (["LocalManagedPolicy"], [0, 0, 0, 1]),
        (["AWSManagedPolicy"], [0, 0, 0, 1]),
        (["AWSManagedPolicy", "LocalManagedPolicy", "User"], [1, 0, 0, 2]),
    ],
)
def test_filters(iam: Any, everything: dict[str, Any], filters: list[str], counts: list[int]) -> None:
    found = iam.get_account_authorization_details(Filter=filters)
    assert [len(found[name]) for name in LISTS] == counts


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_pages_go_over_all_kinds(iam: Any, everything: dict[str, Any], size: int) -> None:
    iam.create_user(UserName="second")
    pages = list(
        iam.get_paginator("get_account_authorization_details").paginate(PaginationConfig={"PageSize": size})
    )
    shown = [sum(len(page[name]) for name in LISTS) for page in pages]
    assert sum(shown) == 6
    assert all(count == size for count in shown[:-1])
    names = [user["UserName"] for page in pages for user in page["UserDetailList"]]
    assert names == ["second", "u"]
