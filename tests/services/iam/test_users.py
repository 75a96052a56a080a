"""Users. Recorded texts: SNAP = localstack/localstack tests/aws/services/iam/test_iam_users.snapshot.json."""

from __future__ import annotations

from typing import Any

from services.iam.answers import allow, refused, without_metadata


def test_a_new_user_answers_with_what_aws_answers(iam: Any, account: str) -> None:
    """SNAP test_user_lifecycle: Path, UserName, UserId, Arn, CreateDate, and no Tags where there are none."""
    made = iam.create_user(UserName="Alice", Path="/team/one/")["User"]
    assert set(made) == {"Path", "UserName", "UserId", "Arn", "CreateDate"}
    assert made["Arn"] == f"arn:aws:iam::{account}:user/team/one/Alice"
    assert made["UserId"].startswith("AIDA")
    assert len(made["UserId"]) == 21
    assert iam.get_user(UserName="Alice")["User"] == made
    assert iam.list_users()["Users"] == [made]


def test_names_are_unique_without_regard_to_case_and_path(iam: Any) -> None:
    """SNAP test_user_errors: the name is told as it was sent."""
    iam.create_user(UserName="Alice")
    assert refused(iam.create_user, UserName="aLICE", Path="/other/") == (
        "EntityAlreadyExists",
        "User with name aLICE already exists.",
        409,
    )


def test_a_missing_user_is_told_in_aws_words(iam: Any) -> None:
    """SNAP test_user_errors."""
    missing = ("NoSuchEntity", "The user with name nobody cannot be found.", 404)
    assert refused(iam.get_user, UserName="nobody") == missing
    assert refused(iam.delete_user, UserName="nobody") == missing
    assert refused(iam.update_user, UserName="nobody", NewPath="/x/") == missing


def test_renaming_keeps_the_unique_id_and_the_policies(iam: Any, account: str) -> None:
    """SNAP test_user_update: same UserId, new ARN, the old name is free."""
    before = iam.create_user(UserName="old", Tags=[{"Key": "a", "Value": "b"}])["User"]
    iam.put_user_policy(UserName="old", PolicyName="p", PolicyDocument=allow("s3:*"))
    iam.update_user(UserName="old", NewUserName="new", NewPath="/there/")
    after = iam.get_user(UserName="new")["User"]
    assert (after["UserId"], after["Arn"]) == (before["UserId"], f"arn:aws:iam::{account}:user/there/new")
    assert iam.list_user_policies(UserName="new")["PolicyNames"] == ["p"]
    assert refused(iam.get_user, UserName="old")[0] == "NoSuchEntity"
    iam.create_user(UserName="old")


def test_a_user_cannot_take_anothers_name(iam: Any) -> None:
    iam.create_user(UserName="one")
    iam.create_user(UserName="two")
    assert refused(iam.update_user, UserName="one", NewUserName="TWO")[0] == "EntityAlreadyExists"
    iam.update_user(UserName="one", NewUserName="ONE")
    assert [user["UserName"] for user in iam.list_users()["Users"]] == ["ONE", "two"]


def test_renaming_needs_permission_on_both_names(iam: Any, user_client: Any) -> None:
    """IAM API reference, UpdateUser: to change Bob to Robert, the caller must have permission on both."""
    iam.create_user(UserName="Bob")
    one = user_client("iam", allow("iam:UpdateUser", "arn:aws:iam::*:user/Bob"))
    code, text, _ = refused(one.update_user, UserName="Bob", NewUserName="Robert")
    assert code == "AccessDenied"
    assert "on resource: user Robert because" in text
    both = allow("iam:UpdateUser", ["arn:aws:iam::*:user/Bob", "arn:aws:iam::*:user/tall/Robert"])
    user_client("iam", both).update_user(UserName="Bob", NewUserName="Robert", NewPath="/tall/")
    assert iam.get_user(UserName="Robert")["User"]["Path"] == "/tall/"


def test_a_user_is_deleted_only_when_nothing_hangs_on_it(iam: Any) -> None:
    """SNAP test_delete_user_with_…; keys and groups as Terraform's users saw them (hashicorp/terraform#8621, #3774)."""
    iam.create_user(UserName="u")
    iam.create_group(GroupName="g")
    arn = iam.create_policy(PolicyName="p", PolicyDocument=allow("s3:*"))["Policy"]["Arn"]
    key = iam.create_access_key(UserName="u")["AccessKey"]["AccessKeyId"]
    iam.add_user_to_group(UserName="u", GroupName="g")
    iam.attach_user_policy(UserName="u", PolicyArn=arn)
    iam.put_user_policy(UserName="u", PolicyName="i", PolicyDocument=allow("s3:*"))
    steps = (
        ("must delete access keys first.", lambda: iam.delete_access_key(UserName="u", AccessKeyId=key)),
        (
            "must remove users from group first.",
            lambda: iam.remove_user_from_group(UserName="u", GroupName="g"),
        ),
        ("must detach all policies first.", lambda: iam.detach_user_policy(UserName="u", PolicyArn=arn)),
        ("must delete policies first.", lambda: iam.delete_user_policy(UserName="u", PolicyName="i")),
    )
    for words, remove in steps:
        assert refused(iam.delete_user, UserName="u") == (
            "DeleteConflict",
            f"Cannot delete entity, {words}",
            409,
        )
        remove()
    iam.delete_user(UserName="u")
    assert iam.list_users()["Users"] == []


def test_pages_hold_every_user_once(iam: Any) -> None:
    for number in range(7):
        iam.create_user(UserName=f"u{number}", Path="/even/" if number % 2 == 0 else "/odd/")
    first = iam.list_users(MaxItems=3)
    assert first["IsTruncated"]
    assert [user["UserName"] for user in first["Users"]] == ["u0", "u1", "u2"]
    pages = iam.get_paginator("list_users").paginate(PathPrefix="/even/", PaginationConfig={"PageSize": 2})
    assert [user["UserName"] for page in pages for user in page["Users"]] == ["u0", "u2", "u4", "u6"]
    assert without_metadata(iam.list_users(PathPrefix="/none/")) == {"Users": [], "IsTruncated": False}


def test_a_marker_that_was_never_given_is_refused(iam: Any) -> None:
    """The text is ours: AWS's is not known."""
    assert refused(iam.list_users, Marker="not base64 !")[0] == "ValidationError"


def test_without_a_name_get_user_tells_about_the_caller(user_client: Any) -> None:
    own = user_client("iam", allow("iam:GetUser", "arn:aws:iam::*:user/${aws:username}"))
    assert own.get_user()["User"]["UserName"].startswith("user-")


def test_without_a_name_root_learns_about_itself(iam: Any, account: str) -> None:
    """Recorded: grycap/scar#181, the id; realestate-com-au/credulous#61, the alias as a name."""
    root = iam.get_user()["User"]
    assert (root["UserId"], root["Arn"]) == (account, f"arn:aws:iam::{account}:root")
    assert root["UserName"] == account
    iam.create_account_alias(AccountAlias=f"alias-{account}")
    assert iam.get_user()["User"] == {**root, "UserName": f"alias-{account}"}
    assert refused(iam.get_user, UserName=f"alias-{account}")[0] == "NoSuchEntity"


def test_without_a_name_a_caller_that_is_no_user_is_refused(iam: Any) -> None:
    """SNAP test_access_key_errors: `Must specify userName when calling with non-User credentials`."""
    assert refused(iam.list_access_keys) == (
        "ValidationError",
        "Must specify userName when calling with non-User credentials",
        400,
    )


def test_a_users_other_credentials_keep_it(iam: Any) -> None:
    """slr.md 3 (SNAP): what has no sentence of its own is told in this one."""
    iam.create_user(UserName="u")
    made = iam.create_service_specific_credential(UserName="u", ServiceName="codecommit.amazonaws.com")
    conflict = "Cannot delete entity, must remove referenced objects first."
    assert refused(iam.delete_user, UserName="u") == ("DeleteConflict", conflict, 409)
    credential = made["ServiceSpecificCredential"]["ServiceSpecificCredentialId"]
    iam.delete_service_specific_credential(UserName="u", ServiceSpecificCredentialId=credential)
    iam.delete_user(UserName="u")
