"""Instance profiles. Recorded texts: SNAP = localstack's test_iam_instance_profiles.snapshot.json."""

from __future__ import annotations

from typing import Any

import pytest

from services.iam.answers import EC2_TRUST, allow, refused


@pytest.fixture
def role(iam: Any) -> dict[str, Any]:
    """A role for EC2, as CreateRole answers."""
    return dict(iam.create_role(RoleName="r", AssumeRolePolicyDocument=EC2_TRUST)["Role"])


def test_a_new_profile_answers_with_what_aws_answers(iam: Any, account: str) -> None:
    """SNAP test_instance_profile_lifecycle: GetInstanceProfile has Tags, also when empty; the listing has none."""
    made = iam.create_instance_profile(InstanceProfileName="p", Path="/x/")["InstanceProfile"]
    assert made["Arn"] == f"arn:aws:iam::{account}:instance-profile/x/p"
    assert made["InstanceProfileId"].startswith("AIPA")
    assert made["Roles"] == []
    assert "Tags" not in made
    assert iam.get_instance_profile(InstanceProfileName="p")["InstanceProfile"] == {**made, "Tags": []}
    assert iam.list_instance_profiles()["InstanceProfiles"] == [made]


def test_profiles_errors(iam: Any, role: Any) -> None:
    """SNAP test_instance_profile_errors, test_role_instance_profile_operations_errors."""
    iam.create_instance_profile(InstanceProfileName="p")
    taken = ("EntityAlreadyExists", "Instance Profile p already exists.", 409)
    assert refused(iam.create_instance_profile, InstanceProfileName="p") == taken
    missing = ("NoSuchEntity", "Instance Profile none cannot be found.", 404)
    for call in (iam.get_instance_profile, iam.delete_instance_profile):
        assert refused(call, InstanceProfileName="none") == missing
    for call in (iam.add_role_to_instance_profile, iam.remove_role_from_instance_profile):
        assert refused(call, InstanceProfileName="none", RoleName="r") == missing
        no_role = ("NoSuchEntity", "The role with name none cannot be found.", 404)
        assert refused(call, InstanceProfileName="p", RoleName="none") == no_role
    text = "Role r in Instance Profile p cannot be found."
    answer = refused(iam.remove_role_from_instance_profile, InstanceProfileName="p", RoleName="r")
    assert answer == ("NoSuchEntity", text, 404)


def test_one_role_goes_in_and_out(iam: Any, role: Any) -> None:
    """SNAP TestInstanceProfileRoles: the role inside is told as CreateRole told it."""
    iam.create_instance_profile(InstanceProfileName="p")
    iam.add_role_to_instance_profile(InstanceProfileName="p", RoleName="r")
    assert iam.get_instance_profile(InstanceProfileName="p")["InstanceProfile"]["Roles"] == [role]
    inside = iam.list_instance_profiles_for_role(RoleName="r")["InstanceProfiles"]
    assert [one["InstanceProfileName"] for one in inside] == ["p"]
    iam.create_role(RoleName="other", AssumeRolePolicyDocument=EC2_TRUST)
    text = "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1"
    answer = refused(iam.add_role_to_instance_profile, InstanceProfileName="p", RoleName="other")
    assert answer == ("LimitExceeded", text, 409)
    text = "Cannot delete entity, must remove roles from instance profile first."
    answer = refused(iam.delete_instance_profile, InstanceProfileName="p")
    assert answer == ("DeleteConflict", text, 409)
    iam.remove_role_from_instance_profile(InstanceProfileName="p", RoleName="r")
    assert iam.list_instance_profiles_for_role(RoleName="r")["InstanceProfiles"] == []
    iam.delete_instance_profile(InstanceProfileName="p")


def test_adding_a_role_passes_it_to_ec2(iam: Any, role: Any, user_client: Any) -> None:
    """IAM API reference, AddRoleToInstanceProfile: the caller needs PassRole."""
    iam.create_instance_profile(InstanceProfileName="p")
    add = "iam:AddRoleToInstanceProfile"
    without = user_client("iam", allow(add))
    answer = refused(without.add_role_to_instance_profile, InstanceProfileName="p", RoleName="r")
    assert answer[0] == "AccessDenied"
    assert f"is not authorized to perform: iam:PassRole on resource: {role['Arn']}" in answer[1]
    passed: dict[str, Any] = {"Condition": {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}}
    allowed = user_client("iam", allow([add, "iam:PassRole"], **passed).replace(f'"{add}", ', ""))
    assert (
        refused(allowed.add_role_to_instance_profile, InstanceProfileName="p", RoleName="r")[0]
        == "AccessDenied"
    )
    both = allow([add]).removesuffix("]}") + ", " + allow("iam:PassRole", **passed).split("[", 1)[1]
    user_client("iam", both).add_role_to_instance_profile(InstanceProfileName="p", RoleName="r")
    assert len(iam.get_instance_profile(InstanceProfileName="p")["InstanceProfile"]["Roles"]) == 1
