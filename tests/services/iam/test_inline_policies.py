"""Inline policies of users, groups and roles, which act alike. Recorded texts: SNAP (users, groups, roles)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from services.iam.answers import Owner, allow, refused, without_metadata


@pytest.fixture(params=["user", "group", "role"])
def owner(iam: Any, request: Any) -> Owner:
    return Owner(iam, request.param)


def test_put_get_list_delete(owner: Owner) -> None:
    """SNAP test_role_inline_policy_lifecycle and its likes."""
    first, second = allow("s3:ListBucket"), allow("ec2:*")
    owner.call("put_policy")(**owner.name, PolicyName="a", PolicyDocument=first)
    owner.call("put_policy")(**owner.name, PolicyName="b", PolicyDocument=second)
    got = without_metadata(owner.call("get_policy")(**owner.name, PolicyName="a"))
    assert got == {**owner.name, "PolicyName": "a", "PolicyDocument": json.loads(first)}
    listed = without_metadata(owner.call("list_policies")(**owner.name))
    assert listed == {"PolicyNames": ["a", "b"], "IsTruncated": False}
    owner.call("delete_policy")(**owner.name, PolicyName="a")
    assert owner.call("list_policies")(**owner.name)["PolicyNames"] == ["b"]
    missing = ("NoSuchEntity", f"The {owner.kind} policy with name a cannot be found.", 404)
    assert refused(owner.call("get_policy"), **owner.name, PolicyName="a") == missing
    assert refused(owner.call("delete_policy"), **owner.name, PolicyName="a") == missing


def test_putting_again_replaces(owner: Owner) -> None:
    owner.call("put_policy")(**owner.name, PolicyName="a", PolicyDocument=allow("s3:*"))
    owner.call("put_policy")(**owner.name, PolicyName="a", PolicyDocument=allow("ec2:*"))
    got = owner.call("get_policy")(**owner.name, PolicyName="a")
    assert got["PolicyDocument"]["Statement"][0]["Action"] == "ec2:*"
    assert owner.call("list_policies")(**owner.name)["PolicyNames"] == ["a"]


def test_a_malformed_document_is_refused_and_nothing_is_kept(owner: Owner) -> None:
    answer = refused(owner.call("put_policy"), **owner.name, PolicyName="a", PolicyDocument="{")
    assert (answer[0], answer[2]) == ("MalformedPolicyDocument", 400)
    assert owner.call("list_policies")(**owner.name)["PolicyNames"] == []


def test_all_inline_policies_of_one_owner_share_a_quota(owner: Owner) -> None:
    """`Maximum policy size of 10240 bytes exceeded for role …` (Terraform logs); users 2048, groups 5120."""
    quota = {"user": 2048, "group": 5120, "role": 10240}[owner.kind]
    half = allow([f"s3:{'x' * 40}{number}" for number in range(quota // 2 // 46)])
    owner.call("put_policy")(**owner.name, PolicyName="a", PolicyDocument=half)
    owner.call("put_policy")(**owner.name, PolicyName="a", PolicyDocument=half + " " * quota)
    owner.call("put_policy")(**owner.name, PolicyName="b", PolicyDocument=allow("s3:*"))
    text = f"Maximum policy size of {quota} bytes exceeded for {owner.kind} owner"
    answer = refused(owner.call("put_policy"), **owner.name, PolicyName="c", PolicyDocument=half)
    assert answer == ("LimitExceeded", text, 409)
    assert owner.call("list_policies")(**owner.name)["PolicyNames"] == ["a", "b"]


def test_pages_of_names(owner: Owner) -> None:
    for name in ("c", "a", "B"):
        owner.call("put_policy")(**owner.name, PolicyName=name, PolicyDocument=allow("s3:*"))
    first = owner.call("list_policies")(**owner.name, MaxItems=2)
    assert (first["PolicyNames"], first["IsTruncated"]) == (["a", "B"], True)
    rest = owner.call("list_policies")(**owner.name, Marker=first["Marker"])
    assert (rest["PolicyNames"], rest["IsTruncated"]) == (["c"], False)
