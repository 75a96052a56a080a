"""Managed policies and their versions. Recorded texts: SNAP = localstack's test_iam_policies, …_managed_policies."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from batchyard.data import managed_policies
from services.iam.answers import EC2_TRUST, allow, refused


@pytest.fixture
def own(iam: Any) -> str:
    """A customer managed policy."""
    return str(iam.create_policy(PolicyName="own", PolicyDocument=allow("s3:*"))["Policy"]["Arn"])


@pytest.mark.parametrize("path", ["/", "/test/path/"])
def test_a_new_policy_answers_with_what_aws_answers(iam: Any, account: str, path: str) -> None:
    """SNAP test_policy_lifecycle: no Tags when made, an empty list when got, none and no Description in lists."""
    made = iam.create_policy(PolicyName="p", PolicyDocument=allow("s3:*"), Path=path, Description="d")[
        "Policy"
    ]
    assert made["Arn"] == f"arn:aws:iam::{account}:policy{path}p"
    assert made["PolicyId"].startswith("ANPA")
    expected = {"AttachmentCount": 0, "DefaultVersionId": "v1", "IsAttachable": True, "Path": path}
    assert made.items() >= {**expected, "PermissionsBoundaryUsageCount": 0}.items()
    assert "Description" not in made
    assert iam.get_policy(PolicyArn=made["Arn"])["Policy"] == {**made, "Tags": [], "Description": "d"}
    assert iam.list_policies(Scope="Local", PathPrefix=path)["Policies"] == [made]


def test_a_taken_name_is_told(iam: Any, own: str) -> None:
    """SNAP test_policy_errors: also below another path."""
    text = "A policy called Own already exists. Duplicate names are not allowed."
    answer = refused(iam.create_policy, PolicyName="Own", PolicyDocument=allow("s3:*"), Path="/x/")
    assert answer == ("EntityAlreadyExists", text, 409)


def test_a_policy_has_its_quota(iam: Any) -> None:
    """`Cannot exceed quota for PolicySize: 6144`; white space does not count."""
    long = allow([f"s3:{'x' * 60}{number}" for number in range(120)])
    text = "Cannot exceed quota for PolicySize: 6144"
    answer = refused(iam.create_policy, PolicyName="p", PolicyDocument=long)
    assert answer == ("LimitExceeded", text, 409)
    iam.create_policy(PolicyName="p", PolicyDocument=allow("s3:*") + "\n" * 7000)


def test_missing_policies_are_told_in_aws_words(iam: Any, account: str, own: str) -> None:
    """SNAP test_policy_version_errors; slr.md 3 for the first and last."""
    arn = f"arn:aws:iam::{account}:policy/nothing"
    assert refused(iam.get_policy, PolicyArn=arn) == ("NoSuchEntity", f"Policy {arn} was not found.", 404)
    text = "Policy {} version {} does not exist or is not attachable."
    for call in (iam.get_policy_version, iam.set_default_policy_version, iam.delete_policy_version):
        missing = ("NoSuchEntity", text.format(arn, "v1"), 404)
        assert refused(call, PolicyArn=arn, VersionId="v1") == missing
        missing = ("NoSuchEntity", text.format(own, "v9"), 404)
        assert refused(call, PolicyArn=own, VersionId="v9") == missing
    wrong = ("ValidationError", "Invalid ARN:  Could not be parsed!", 400)
    assert refused(iam.get_policy, PolicyArn="this-is-no-arn-at-all") == wrong


def test_versions(iam: Any, own: str) -> None:
    """SNAP test_policy_version_lifecycle: newest first; an answer has no document; numbers never come again."""
    second = iam.create_policy_version(PolicyArn=own, PolicyDocument=allow("ec2:*"), SetAsDefault=True)
    assert set(second["PolicyVersion"]) == {"VersionId", "IsDefaultVersion", "CreateDate"}
    third = iam.create_policy_version(PolicyArn=own, PolicyDocument=allow("ecs:*"))["PolicyVersion"]
    assert (third["VersionId"], third["IsDefaultVersion"]) == ("v3", False)
    listed = iam.list_policy_versions(PolicyArn=own)["Versions"]
    assert [(one["VersionId"], one["IsDefaultVersion"]) for one in listed] == [
        ("v3", False),
        ("v2", True),
        ("v1", False),
    ]
    got = iam.get_policy_version(PolicyArn=own, VersionId="v2")["PolicyVersion"]
    assert got["Document"] == json.loads(allow("ec2:*"))
    iam.set_default_policy_version(PolicyArn=own, VersionId="v1")
    assert iam.get_policy(PolicyArn=own)["Policy"]["DefaultVersionId"] == "v1"
    iam.delete_policy_version(PolicyArn=own, VersionId="v3")
    fourth = iam.create_policy_version(PolicyArn=own, PolicyDocument=allow("ecs:*"))["PolicyVersion"]
    assert fourth["VersionId"] == "v4"


def test_five_versions_at_most(iam: Any, own: str) -> None:
    """SNAP test_policy_version_limit, test_policy_version_errors."""
    for _ in range(4):
        iam.create_policy_version(PolicyArn=own, PolicyDocument=allow("ec2:*"))
    text = (
        "A managed policy can have up to 5 versions. Before you create a new version, you must delete an"
        " existing version."
    )
    answer = refused(iam.create_policy_version, PolicyArn=own, PolicyDocument=allow("ec2:*"))
    assert answer == ("LimitExceeded", text, 409)
    text = "Cannot delete the default version of a policy."
    answer = refused(iam.delete_policy_version, PolicyArn=own, VersionId="v1")
    assert answer == ("DeleteConflict", text, 409)
    text = (
        "This policy has more than one version. Before you delete a policy, you must delete the policy's"
        " versions. The default version is deleted with the policy."
    )
    assert refused(iam.delete_policy, PolicyArn=own) == ("DeleteConflict", text, 409)


def test_a_policy_in_use_is_not_deleted(iam: Any, own: str) -> None:
    """`Cannot delete a policy attached to entities.` (many deployment logs); a boundary is a use, too."""
    in_use = ("DeleteConflict", "Cannot delete a policy attached to entities.", 409)
    iam.create_user(UserName="u", PermissionsBoundary=own)
    assert refused(iam.delete_policy, PolicyArn=own) == in_use
    iam.delete_user_permissions_boundary(UserName="u")
    iam.attach_user_policy(UserName="u", PolicyArn=own)
    assert refused(iam.delete_policy, PolicyArn=own) == in_use
    iam.detach_user_policy(UserName="u", PolicyArn=own)
    iam.delete_policy(PolicyArn=own)
    assert iam.list_policies(Scope="Local")["Policies"] == []


def test_the_service_linked_policy_is_aws_own(iam: Any) -> None:
    """managed-policies.json and slr.md 2: id, dates and the 19 statements of BatchServiceRolePolicy v8."""
    arn = "arn:aws:iam::aws:policy/aws-service-role/BatchServiceRolePolicy"
    policy = iam.get_policy(PolicyArn=arn)["Policy"]
    assert policy["PolicyId"] == "ANPAZKAPJZG4COHHXEWBT"
    assert policy["CreateDate"] == datetime(2021, 3, 10, 6, 55, 36, tzinfo=UTC)
    assert policy["UpdateDate"] == datetime(2026, 8, 5, 17, 12, 14, tzinfo=UTC)
    assert policy["DefaultVersionId"] == "v8"
    version = iam.get_policy_version(PolicyArn=arn, VersionId="v8")["PolicyVersion"]
    sids = [statement["Sid"] for statement in version["Document"]["Statement"]]
    assert sids == [f"AWSBatchPolicyStatement{number}" for number in range(1, 20)]
    listed = iam.list_policy_versions(PolicyArn=arn)["Versions"]
    assert [(one["VersionId"], one["IsDefaultVersion"]) for one in listed] == [("v8", True)]


def test_aws_policies_cannot_be_changed(iam: Any) -> None:
    arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    before = iam.get_policy(PolicyArn=arn)["Policy"]
    for call, more in (
        (iam.delete_policy, {}),
        (iam.create_policy_version, {"PolicyDocument": allow("*")}),
        (iam.delete_policy_version, {"VersionId": before["DefaultVersionId"]}),
        (iam.tag_policy, {"Tags": [{"Key": "k", "Value": "v"}]}),
    ):
        assert refused(call, PolicyArn=arn, **more)[2] in (400, 403, 404)
    assert iam.get_policy(PolicyArn=arn)["Policy"] == before


def test_listing_by_scope_and_use(iam: Any, own: str) -> None:
    iam.create_user(UserName="u", PermissionsBoundary=own)
    iam.attach_user_policy(UserName="u", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")

    def names(**request: Any) -> list[str]:
        pages = iam.get_paginator("list_policies").paginate(PaginationConfig={"PageSize": 1000}, **request)
        return [policy["PolicyName"] for page in pages for policy in page["Policies"]]

    assert names(Scope="Local") == ["own"]
    aws_owned = names(Scope="AWS")
    assert {"AdministratorAccess", "BatchServiceRolePolicy"} <= set(aws_owned)
    assert "own" not in aws_owned
    assert len(names()) == len(aws_owned) + 1 == len(set(names()))
    assert names(OnlyAttached=True) == ["own", "ReadOnlyAccess"]
    assert names(PolicyUsageFilter="PermissionsBoundary") == ["own"]
    assert names(PolicyUsageFilter="PermissionsPolicy") == ["ReadOnlyAccess"]


def test_a_page_of_all_policies_opens_no_document(iam: Any) -> None:
    """1,595 documents are 4 MB: a listing is made from the table of names alone, and says what GetPolicy says."""
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=EC2_TRUST)
    iam.attach_role_policy(RoleName="r", PolicyArn="arn:aws:iam::aws:policy/IAMFullAccess")
    before = managed_policies._documents.cache_info()
    page = iam.list_policies(Scope="AWS", PathPrefix="/", MaxItems=1000)["Policies"]
    after = managed_policies._documents.cache_info()
    assert len(page) == 1000
    assert (before.hits, before.misses) == (after.hits, after.misses)
    (attached,) = iam.list_policies(OnlyAttached=True)["Policies"]
    assert attached["AttachmentCount"] == 1
    whole = iam.get_policy(PolicyArn=attached["Arn"])["Policy"]
    assert attached.items() <= whole.items()


def test_a_new_default_version_acts_from_the_next_call_on(iam: Any, own: str, user: Any, signed: Any) -> None:
    made = user(None, name="u")
    client = signed("iam", made["key"], made["secret"])
    iam.attach_user_policy(UserName="u", PolicyArn=own)
    assert refused(client.list_users)[0] == "AccessDenied"
    iam.create_policy_version(PolicyArn=own, PolicyDocument=allow("iam:ListUsers"), SetAsDefault=True)
    client.list_users()
    iam.set_default_policy_version(PolicyArn=own, VersionId="v1")
    assert refused(client.list_users)[0] == "AccessDenied"


def test_other_partitions_see_aws_policies_under_their_own_arns(aws: Any) -> None:
    china = aws("iam", region="cn-north-1")
    arn = "arn:aws-cn:iam::aws:policy/aws-service-role/BatchServiceRolePolicy"
    assert china.get_policy(PolicyArn=arn)["Policy"]["Arn"] == arn
    assert refused(china.get_policy, PolicyArn=arn.replace("aws-cn", "aws"))[0] == "NoSuchEntity"
