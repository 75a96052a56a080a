"""IAM's and STS's limits (iam-evaluation.md 7, 9): at the limit accepted, one beyond refused in words that name it.

Limits that belong to one kind of thing are tested beside it: policy sizes, attached policies, versions, tags, keys,
groups of a user.
"""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from botocore.config import Config

from services.iam.answers import EC2_TRUST, allow, refused

UNCHECKED = Config(retries={"total_max_attempts": 1}, parameter_validation=False)
"""boto3 itself would refuse what is too short."""

PATH = "/" + "p" * 510 + "/"

NAMES = [
    ("create_role", "RoleName", 64, {"AssumeRolePolicyDocument": EC2_TRUST}, "list_roles", "Roles"),
    ("create_user", "UserName", 64, {}, "list_users", "Users"),
    ("create_group", "GroupName", 128, {}, "list_groups", "Groups"),
    ("create_policy", "PolicyName", 128, {"PolicyDocument": allow("s3:*")}, "list_policies", "Policies"),
    ("create_instance_profile", "InstanceProfileName", 128, {}, "list_instance_profiles", "InstanceProfiles"),
]


def too_long(member: str, most: int) -> tuple[str, str, int]:
    """IAM's refusal of a value that is longer than its model allows."""
    text = f"Value at '{member}' failed to satisfy constraint: Member must have length less than or equal to"
    return "ValidationError", f"1 validation error detected: {text} {most}", 400


@pytest.mark.parametrize(("create", "member", "most", "more", "listing", "found"), NAMES)
def test_names_and_paths(
    iam: Any, create: str, member: str, most: int, more: dict[str, Any], listing: str, found: str
) -> None:
    """Role and user names 64 letters, group, policy and profile names 128; paths 512."""
    call = getattr(iam, create)
    scope = {"Scope": "Local"} if create == "create_policy" else {}
    call(**{member: "n" * most, "Path": PATH, **more})
    name = "m" * (most + 1)
    answer = refused(call, **{member: name, **more})
    assert answer == too_long(member[0].lower() + member[1:], most)
    path = f"/p{PATH[1:]}"
    assert refused(call, **{member: "m", "Path": path, **more}) == too_long("path", 512)
    assert [one[member] for one in getattr(iam, listing)(**scope)[found]] == ["n" * most]


def test_inline_policies_have_names_of_128_letters(iam: Any) -> None:
    iam.create_user(UserName="u")
    iam.put_user_policy(UserName="u", PolicyName="p" * 128, PolicyDocument=allow("s3:*"))
    name = "q" * 129
    answer = refused(iam.put_user_policy, UserName="u", PolicyName=name, PolicyDocument=allow("s3:*"))
    assert answer == too_long("policyName", 128)
    assert iam.list_user_policies(UserName="u")["PolicyNames"] == ["p" * 128]


@pytest.mark.parametrize("value", [("Key", 128), ("Value", 256)])
def test_tags_have_keys_of_128_and_values_of_256_letters(iam: Any, value: tuple[str, int]) -> None:
    iam.create_user(UserName="u")
    part, most = value
    usual = {"Key": "k", "Value": "v"}
    iam.tag_user(UserName="u", Tags=[{**usual, part: "t" * most}])
    text = "t" * (most + 1)
    answer = refused(iam.tag_user, UserName="u", Tags=[{**usual, part: text}])
    assert answer == too_long(f"tags.1.member.{part.lower()}", most)
    assert len(iam.list_user_tags(UserName="u")["Tags"]) == 1


def unchecked(service: str, endpoint: str, key: str, secret: str = "test") -> Any:
    # boto3's types know services by literal names alone.
    session: Any = boto3.Session()
    return session.client(
        service,
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=UNCHECKED,
    )


def test_a_session_lasts_an_hour_to_twelve(endpoint: str, account: str) -> None:
    iam = unchecked("iam", endpoint, account)
    for most in (3600, 43200):
        iam.create_role(RoleName=f"r{most}", AssumeRolePolicyDocument=EC2_TRUST, MaxSessionDuration=most)
    for seconds in (3599, 43201):
        answer = refused(
            iam.create_role, RoleName="r", AssumeRolePolicyDocument=EC2_TRUST, MaxSessionDuration=seconds
        )
        assert answer[0] == "ValidationError"
        assert "Value at 'maxSessionDuration' failed to satisfy constraint" in answer[1]
    assert len(iam.list_roles()["Roles"]) == 2


def test_limits_of_assuming_a_role(iam: Any, user: Any, endpoint: str, account: str) -> None:
    """Session names 2 to 64, 900 seconds at least, session policies of 2048 characters, 10 managed ones."""
    statement = {"Effect": "Allow", "Principal": {"AWS": account}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": statement})
    arn = iam.create_role(RoleName="r", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    made = user({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
    sts = unchecked("sts", endpoint, made["key"], made["secret"])
    policy = allow("s3:" + "x" * (2048 - len(allow("s3:"))))
    managed = [{"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}] * 11
    rows: list[tuple[dict[str, Any], dict[str, Any], str]] = [
        ({"RoleSessionName": "s" * 64}, {"RoleSessionName": "s" * 65}, "less than or equal to 64"),
        ({"RoleSessionName": "ss"}, {"RoleSessionName": "s"}, "greater than or equal to 2"),
        ({"DurationSeconds": 900}, {"DurationSeconds": 899}, "greater than or equal to 900"),
        ({"Policy": policy}, {"Policy": f"{policy} "}, "less than or equal to 2048"),
        ({"PolicyArns": managed[:10]}, {"PolicyArns": managed}, "'policyArns' failed"),
    ]
    for at, beyond, text in rows:
        usual = {"RoleArn": arn, "RoleSessionName": "session"}
        assert sts.assume_role(**{**usual, **at})["Credentials"]
        answer = refused(sts.assume_role, **{**usual, **beyond})
        assert answer[0] in ("ValidationError", "PackedPolicyTooLarge"), beyond
        assert text in answer[1]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("create", "member", "more", "quota", "most"),
    [
        ("create_role", "RoleName", {"AssumeRolePolicyDocument": EC2_TRUST}, "RolesPerAccount", 1000),
        ("create_group", "GroupName", {}, "GroupsPerAccount", 300),
        ("create_policy", "PolicyName", {"PolicyDocument": allow("s3:*")}, "PoliciesPerAccount", 1500),
        ("create_instance_profile", "InstanceProfileName", {}, "InstanceProfilesPerAccount", 1000),
        ("create_user", "UserName", {}, "UsersPerAccount", 5000),
    ],
)
def test_an_account_has_so_many_of_each(
    iam: Any, create: str, member: str, more: dict[str, Any], quota: str, most: int
) -> None:
    """`Cannot exceed quota for RolesPerAccount: 1000` (recorded in many threads); the linked role may come on top."""
    call = getattr(iam, create)
    for number in range(most):
        call(**{member: f"n{number}"}, **more)
    answer = refused(call, **{member: "one-more"}, **more)
    assert answer == ("LimitExceeded", f"Cannot exceed quota for {quota}: {most}", 409)
    if create == "create_role":
        iam.create_service_linked_role(AWSServiceName="batch.amazonaws.com")
        pages = iam.get_paginator("list_roles").paginate()
        assert sum(len(page["Roles"]) for page in pages) == most + 1
