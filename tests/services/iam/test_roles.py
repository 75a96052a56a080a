"""Roles. Recorded texts: SNAP = localstack/localstack tests/aws/services/iam/test_iam_roles.snapshot.json."""

from __future__ import annotations

import json
from typing import Any

from services.iam.answers import EC2_TRUST, allow, refused


def test_a_new_role_answers_with_what_aws_answers(iam: Any, account: str) -> None:
    """SNAP test_create_role_defaults: the answer leaves description and session length out, GetRole has them."""
    made = iam.create_role(RoleName="r", AssumeRolePolicyDocument=EC2_TRUST, Description="what for")["Role"]
    assert set(made) == {"Path", "RoleName", "RoleId", "Arn", "CreateDate", "AssumeRolePolicyDocument"}
    assert made["Arn"] == f"arn:aws:iam::{account}:role/r"
    assert made["RoleId"].startswith("AROA")
    assert made["AssumeRolePolicyDocument"] == json.loads(EC2_TRUST)
    added = {"MaxSessionDuration": 3600, "RoleLastUsed": {}, "Description": "what for"}
    assert iam.get_role(RoleName="r")["Role"] == made | added


def test_documents_travel_percent_encoded(iam: Any) -> None:
    """IAM API reference, GetRole: the document is URL-encoded compliant with RFC 3986; botocore decodes it."""
    seen: list[bytes] = []
    iam.meta.events.register(
        "after-call.iam.GetRole", lambda http_response, **_: seen.append(http_response.content)
    )
    trust = EC2_TRUST.replace(" ", "\n  ")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust)
    iam.get_role(RoleName="r")
    text = seen[0].decode()
    assert "%7B%0A" in text or "%7B" in text
    assert "%0A%20%20" in text
    assert '"Statement"' not in text


def test_a_listing_leaves_out_what_aws_leaves_out(iam: Any) -> None:
    """SNAP test_role_with_tags: no RoleLastUsed, Tags and PermissionsBoundary in ListRoles."""
    iam.create_role(
        RoleName="r", AssumeRolePolicyDocument=EC2_TRUST, Path="/p/", Tags=[{"Key": "k", "Value": "v"}]
    )
    (listed,) = iam.list_roles(PathPrefix="/p/")["Roles"]
    assert set(listed) == {
        "Path",
        "RoleName",
        "RoleId",
        "Arn",
        "CreateDate",
        "AssumeRolePolicyDocument",
        "MaxSessionDuration",
    }


def test_roles_errors(iam: Any) -> None:
    """SNAP test_role_errors; the text about a missing role: slr.md 3; about a taken name: iam snapshot of 2025."""
    missing = ("NoSuchEntity", "The role with name none cannot be found.", 404)
    for call in (iam.get_role, iam.delete_role, iam.update_role, iam.list_role_policies):
        assert refused(call, RoleName="none") == missing
    iam.create_role(RoleName="Some", AssumeRolePolicyDocument=EC2_TRUST)
    taken = ("EntityAlreadyExists", "Role with name some already exists.", 409)
    assert refused(iam.create_role, RoleName="some", AssumeRolePolicyDocument=EC2_TRUST) == taken


def test_trust_policies_are_checked(iam: Any) -> None:
    """SNAP test_update_assume_role_policy_errors."""
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=EC2_TRUST)
    action = EC2_TRUST.replace("sts:AssumeRole", "s3:GetObject")
    resource = EC2_TRUST.replace('"Effect"', '"Resource": "*", "Effect"')
    for document, text in (
        ("{not json", "This policy contains invalid Json"),
        (action, "AssumeRole policy may only specify STS AssumeRole actions."),
        (resource, "Has prohibited field Resource"),
    ):
        answer = refused(iam.update_assume_role_policy, RoleName="r", PolicyDocument=document)
        assert answer == ("MalformedPolicyDocument", text, 400)
    assert iam.get_role(RoleName="r")["Role"]["AssumeRolePolicyDocument"] == json.loads(EC2_TRUST)


def test_a_trust_policy_has_its_quota(iam: Any) -> None:
    """`Cannot exceed quota for ACLSizePerRole: 2048` (hashicorp/terraform logs); white space does not count."""
    statement = json.loads(EC2_TRUST)["Statement"][0]
    long = json.dumps({"Version": "2012-10-17", "Statement": [statement] * 30})
    assert refused(iam.create_role, RoleName="r", AssumeRolePolicyDocument=long) == (
        "LimitExceeded",
        "Cannot exceed quota for ACLSizePerRole: 2048",
        409,
    )
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=EC2_TRUST + " " * 3000)


def test_updating_a_role(iam: Any) -> None:
    """SNAP test_update_role: UpdateRole answers nothing, UpdateRoleDescription the role without session length."""
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=EC2_TRUST, Description="initial")
    iam.update_role(RoleName="r", Description="updated", MaxSessionDuration=7200)
    role = iam.get_role(RoleName="r")["Role"]
    assert (role["Description"], role["MaxSessionDuration"]) == ("updated", 7200)
    iam.update_role(RoleName="r", MaxSessionDuration=3600)
    assert iam.get_role(RoleName="r")["Role"]["Description"] == "updated"
    answer = iam.update_role_description(RoleName="r", Description="by the old way")["Role"]
    assert answer["Description"] == "by the old way"
    assert "MaxSessionDuration" not in answer


def test_a_role_is_deleted_only_when_nothing_hangs_on_it(iam: Any) -> None:
    """SNAP test_delete_role_with_attached_policy, …_inline_policy; the profile's text: Terraform's users."""
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=EC2_TRUST)
    iam.create_instance_profile(InstanceProfileName="p")
    iam.add_role_to_instance_profile(InstanceProfileName="p", RoleName="r")
    arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    iam.attach_role_policy(RoleName="r", PolicyArn=arn)
    iam.put_role_policy(RoleName="r", PolicyName="i", PolicyDocument=allow("s3:*"))
    steps = (
        (
            "must remove roles from instance profile first.",
            lambda: iam.remove_role_from_instance_profile(InstanceProfileName="p", RoleName="r"),
        ),
        ("must detach all policies first.", lambda: iam.detach_role_policy(RoleName="r", PolicyArn=arn)),
        ("must delete policies first.", lambda: iam.delete_role_policy(RoleName="r", PolicyName="i")),
    )
    for words, remove in steps:
        assert refused(iam.delete_role, RoleName="r") == (
            "DeleteConflict",
            f"Cannot delete entity, {words}",
            409,
        )
        remove()
    iam.delete_role(RoleName="r")
    assert iam.list_roles()["Roles"] == []


def test_pages_of_roles(iam: Any) -> None:
    """SNAP test_list_roles_pagination: two of five, then the Marker brings the rest."""
    for number in range(5):
        iam.create_role(RoleName=f"r{number}", AssumeRolePolicyDocument=EC2_TRUST, Path="/five/")
    first = iam.list_roles(PathPrefix="/five/", MaxItems=2)
    assert [role["RoleName"] for role in first["Roles"]] == ["r0", "r1"]
    assert first["IsTruncated"]
    rest = iam.list_roles(PathPrefix="/five/", Marker=first["Marker"])
    assert [role["RoleName"] for role in rest["Roles"]] == ["r2", "r3", "r4"]
    assert not rest["IsTruncated"]
    assert "Marker" not in rest


def test_the_reserved_path_is_refused(iam: Any) -> None:
    """tilfin/aws-iam-policy-tool#9."""
    answer = refused(
        iam.create_role,
        RoleName="AWSServiceRoleForBatch",
        Path="/aws-service-role/batch.amazonaws.com/",
        AssumeRolePolicyDocument=EC2_TRUST,
    )
    text = "Path prefix '/aws-service-role/' can only be used for AWS Service linked Roles"
    assert answer == ("InvalidInput", text, 400)


def test_accounts_and_partitions_have_their_own_roles(aws: Any, iam: Any, account: str) -> None:
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=EC2_TRUST)
    china = aws("iam", region="cn-north-1")
    assert china.list_roles()["Roles"] == []
    made = china.create_role(RoleName="r", AssumeRolePolicyDocument=EC2_TRUST)["Role"]
    assert made["Arn"] == f"arn:aws-cn:iam::{account}:role/r"
    assert made["RoleId"] != iam.get_role(RoleName="r")["Role"]["RoleId"]


def test_role_last_used_tells_the_newest_call(iam: Any, assumed: Any, wait_for: Any) -> None:
    """slr.md 5: empty until used, then date and Region of the last call."""
    acting = assumed("iam", allow("iam:ListUsers"))
    assert iam.get_role(RoleName="acting")["Role"]["RoleLastUsed"] == {}
    acting.list_users()
    used = wait_for(lambda: iam.get_role(RoleName="acting")["Role"]["RoleLastUsed"])
    assert used["Region"] == "us-east-1"
    assert set(used) == {"LastUsedDate", "Region"}


def test_a_deleted_roles_session_is_dead(iam: Any, assumed: Any) -> None:
    """Sessions bind the role's unique id (docs/decisions/0000): the same name made anew does not revive them."""
    acting = assumed("iam", allow("*"))
    acting.list_users()
    iam.delete_role_policy(RoleName="acting", PolicyName="inline")
    assert refused(acting.list_users)[0] == "AccessDenied"
    iam.delete_role(RoleName="acting")
    assert refused(acting.list_users)[0] == "InvalidClientTokenId"
    iam.create_role(RoleName="acting", AssumeRolePolicyDocument=EC2_TRUST)
    iam.put_role_policy(RoleName="acting", PolicyName="inline", PolicyDocument=allow("*"))
    assert refused(acting.list_users)[0] == "InvalidClientTokenId"
