"""Groups. Recorded texts: SNAP = localstack/localstack tests/aws/services/iam/test_iam_groups.snapshot.json."""

from __future__ import annotations

from typing import Any

import pytest

from services.iam.answers import allow, refused, without_metadata


def test_a_new_group_answers_with_what_aws_answers(iam: Any, account: str) -> None:
    """SNAP test_create_group, test_get_group_with_path."""
    made = iam.create_group(GroupName="devs", Path="/some/location/")["Group"]
    assert set(made) == {"Path", "GroupName", "GroupId", "Arn", "CreateDate"}
    assert made["Arn"] == f"arn:aws:iam::{account}:group/some/location/devs"
    assert without_metadata(iam.get_group(GroupName="devs")) == {
        "Group": made,
        "Users": [],
        "IsTruncated": False,
    }


def test_groups_errors(iam: Any) -> None:
    """SNAP test_create_group, test_get_group, test_update_group_duplicate_name."""
    iam.create_group(GroupName="one")
    iam.create_group(GroupName="two")
    taken = ("EntityAlreadyExists", "Group with name two already exists.", 409)
    assert refused(iam.create_group, GroupName="two") == taken
    assert refused(iam.update_group, GroupName="one", NewGroupName="two") == taken
    missing = ("NoSuchEntity", "The group with name none cannot be found.", 404)
    for call in (iam.get_group, iam.delete_group):
        assert refused(call, GroupName="none") == missing


def test_renaming_a_group_keeps_its_id_and_its_members(iam: Any, account: str) -> None:
    """SNAP test_update_group_name, test_update_group_path."""
    made = iam.create_group(GroupName="old")["Group"]
    iam.create_user(UserName="u")
    iam.add_user_to_group(UserName="u", GroupName="old")
    iam.update_group(GroupName="old", NewGroupName="new", NewPath="/new-path/")
    found = iam.get_group(GroupName="new")
    assert found["Group"]["GroupId"] == made["GroupId"]
    assert found["Group"]["Arn"] == f"arn:aws:iam::{account}:group/new-path/new"
    assert [one["UserName"] for one in found["Users"]] == ["u"]
    text = "The group with name old cannot be found."
    assert refused(iam.get_group, GroupName="old") == ("NoSuchEntity", text, 404)


def test_membership_by_both_its_ends(iam: Any) -> None:
    """SNAP TestIAMGroupsMembership: adding again and removing who is not in it are no errors."""
    iam.create_user(UserName="u")
    iam.create_group(GroupName="g")
    iam.add_user_to_group(UserName="u", GroupName="g")
    iam.add_user_to_group(UserName="u", GroupName="g")
    assert [one["UserName"] for one in iam.get_group(GroupName="g")["Users"]] == ["u"]
    assert [one["GroupName"] for one in iam.list_groups_for_user(UserName="u")["Groups"]] == ["g"]
    iam.remove_user_from_group(UserName="u", GroupName="g")
    iam.remove_user_from_group(UserName="u", GroupName="g")
    assert iam.get_group(GroupName="g")["Users"] == []


@pytest.mark.parametrize("operation", ["add_user_to_group", "remove_user_from_group"])
def test_membership_names_what_is_missing_the_user_first(iam: Any, operation: str) -> None:
    """SNAP test_remove_user_from_unknown_group: the user is told, where both are missing."""
    iam.create_user(UserName="u")
    call = getattr(iam, operation)
    assert refused(call, UserName="x", GroupName="y")[1] == "The user with name x cannot be found."
    assert refused(call, UserName="u", GroupName="y")[1] == "The group with name y cannot be found."


def test_a_group_is_deleted_only_when_empty(iam: Any) -> None:
    """hashicorp/terraform-provider-aws#29147 for the text about users."""
    iam.create_group(GroupName="g")
    iam.create_user(UserName="u")
    iam.add_user_to_group(UserName="u", GroupName="g")
    iam.put_group_policy(GroupName="g", PolicyName="p", PolicyDocument=allow("s3:*"))
    text = "Cannot delete entity, must remove users from group first."
    assert refused(iam.delete_group, GroupName="g") == ("DeleteConflict", text, 409)
    iam.remove_user_from_group(UserName="u", GroupName="g")
    assert refused(iam.delete_group, GroupName="g")[1] == "Cannot delete entity, must delete policies first."
    iam.delete_group_policy(GroupName="g", PolicyName="p")
    iam.delete_group(GroupName="g")
    assert iam.list_groups()["Groups"] == []


def test_a_user_is_in_at_most_ten_groups(iam: Any) -> None:
    """IAM user guide, quotas: groups per user 10."""
    iam.create_user(UserName="u")
    for number in range(11):
        iam.create_group(GroupName=f"g{number}")
    for number in range(10):
        iam.add_user_to_group(UserName="u", GroupName=f"g{number}")
    assert refused(iam.add_user_to_group, UserName="u", GroupName="g10") == (
        "LimitExceeded",
        "Cannot exceed quota for GroupsPerUser: 10",
        409,
    )
    iam.add_user_to_group(UserName="u", GroupName="g3")


def test_a_groups_policy_acts_on_its_members_from_the_next_call_on(iam: Any, user: Any, signed: Any) -> None:
    made = user(None, name="member")
    own = signed("iam", made["key"], made["secret"])
    iam.create_group(GroupName="g")
    iam.put_group_policy(GroupName="g", PolicyName="p", PolicyDocument=allow("iam:ListGroups"))
    assert refused(own.list_groups)[0] == "AccessDenied"
    iam.add_user_to_group(UserName="member", GroupName="g")
    assert own.list_groups()["Groups"][0]["GroupName"] == "g"
    iam.remove_user_from_group(UserName="member", GroupName="g")
    assert refused(own.list_groups)[0] == "AccessDenied"
