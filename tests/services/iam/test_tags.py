"""Tags of users, roles, policies and instance profiles. Recorded texts: SNAP (roles, users, instance profiles)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from services.iam.answers import EC2_TRUST, allow, refused, without_metadata

Tagged = tuple[str, dict[str, str]]


@pytest.fixture(params=["user", "role", "policy", "instance_profile"])
def tagged(iam: Any, request: Any) -> Tagged:
    """A fresh thing: its kind, and the member that names it."""
    make: dict[str, Callable[[], Any]] = {
        "user": lambda: iam.create_user(UserName="t"),
        "role": lambda: iam.create_role(RoleName="t", AssumeRolePolicyDocument=EC2_TRUST),
        "policy": lambda: iam.create_policy(PolicyName="t", PolicyDocument=allow("s3:*")),
        "instance_profile": lambda: iam.create_instance_profile(InstanceProfileName="t"),
    }
    made = make[request.param]()
    names = {"user": "UserName", "role": "RoleName", "instance_profile": "InstanceProfileName"}
    if request.param == "policy":
        return "policy", {"PolicyArn": made["Policy"]["Arn"]}
    return request.param, {names[request.param]: "t"}


OPERATIONS = {
    "user": ("tag_user", "untag_user", "list_user_tags"),
    "role": ("tag_role", "untag_role", "list_role_tags"),
    "policy": ("tag_policy", "untag_policy", "list_policy_tags"),
    "instance_profile": ("tag_instance_profile", "untag_instance_profile", "list_instance_profile_tags"),
}


def _tags(iam: Any, tagged: Tagged) -> list[dict[str, str]]:
    kind, name = tagged
    answer = without_metadata(getattr(iam, OPERATIONS[kind][2])(**name))
    assert answer["IsTruncated"] is False
    return list(answer["Tags"])


def test_tag_and_untag(iam: Any, tagged: Tagged) -> None:
    """SNAP test_role_tag_operations, test_instance_profile_tag_lifecycle."""
    kind, name = tagged
    assert _tags(iam, tagged) == []
    tag, untag = getattr(iam, OPERATIONS[kind][0]), getattr(iam, OPERATIONS[kind][1])
    tag(**name, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    tag(**name, Tags=[{"Key": "a", "Value": "3"}])
    assert _tags(iam, tagged) == [{"Key": "a", "Value": "3"}, {"Key": "b", "Value": "2"}]
    untag(**name, TagKeys=["a", "not-there"])
    assert _tags(iam, tagged) == [{"Key": "b", "Value": "2"}]


def test_the_case_of_keys(iam: Any, tagged: Tagged) -> None:
    """IAM user guide, Tagging IAM resources: users' and roles' keys ignore case, policies' and profiles' do not."""
    kind, name = tagged
    tag = getattr(iam, OPERATIONS[kind][0])
    tag(**name, Tags=[{"Key": "Team", "Value": "1"}])
    tag(**name, Tags=[{"Key": "TEAM", "Value": "2"}])
    both = [{"Key": "TEAM", "Value": "2"}, {"Key": "Team", "Value": "1"}]
    assert _tags(iam, tagged) == (both[:1] if kind in ("user", "role") else both)


def test_a_key_given_twice_is_refused(iam: Any, tagged: Tagged) -> None:
    kind, name = tagged
    twice = [{"Key": "k", "Value": "1"}, {"Key": "k", "Value": "2"}]
    text = "Duplicate tag keys found. Please note that Tag keys are case insensitive."
    assert refused(getattr(iam, OPERATIONS[kind][0]), **name, Tags=twice) == ("InvalidInput", text, 400)
    assert _tags(iam, tagged) == []


def test_fifty_tags_at_most(iam: Any, tagged: Tagged) -> None:
    kind, name = tagged
    tag = getattr(iam, OPERATIONS[kind][0])
    tag(**name, Tags=[{"Key": f"k{number}", "Value": ""} for number in range(50)])
    answer = refused(tag, **name, Tags=[{"Key": "one-more", "Value": ""}])
    assert answer[0] == "LimitExceeded"
    assert len(_tags(iam, tagged)) == 50


def test_missing_things_are_told(iam: Any, account: str) -> None:
    """SNAP test_role_tag_errors, test_user_tag_errors, test_instance_profile_tag_errors."""
    tags = [{"Key": "k", "Value": "v"}]
    text = "The role with name none cannot be found."
    assert refused(iam.tag_role, RoleName="none", Tags=tags) == ("NoSuchEntity", text, 404)
    text = "The user with name none cannot be found."
    assert refused(iam.list_user_tags, UserName="none") == ("NoSuchEntity", text, 404)
    text = "Instance Profile none cannot be found."
    answer = refused(iam.untag_instance_profile, InstanceProfileName="none", TagKeys=["k"])
    assert answer == ("NoSuchEntity", text, 404)
    arn = f"arn:aws:iam::{account}:policy/none"
    assert refused(iam.tag_policy, PolicyArn=arn, Tags=tags)[0] == "NoSuchEntity"


def test_tags_decide(iam: Any, user_client: Any) -> None:
    """aws:ResourceTag and iam:ResourceTag on what is there, aws:RequestTag on what comes."""
    iam.create_role(
        RoleName="mine", AssumeRolePolicyDocument=EC2_TRUST, Tags=[{"Key": "team", "Value": "me"}]
    )
    iam.create_role(RoleName="yours", AssumeRolePolicyDocument=EC2_TRUST)
    for key in ("aws:ResourceTag/team", "iam:ResourceTag/team"):
        own = user_client("iam", allow("iam:GetRole", Condition={"StringEquals": {key: "me"}}))
        assert own.get_role(RoleName="mine")["Role"]["RoleName"] == "mine"
        assert refused(own.get_role, RoleName="yours")[0] == "AccessDenied"
    own = user_client("iam", allow("iam:TagRole", Condition={"StringEquals": {"aws:RequestTag/team": "me"}}))
    own.tag_role(RoleName="yours", Tags=[{"Key": "team", "Value": "me"}])
    answer = refused(own.tag_role, RoleName="yours", Tags=[{"Key": "team", "Value": "you"}])
    assert answer[0] == "AccessDenied"
