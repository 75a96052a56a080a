"""Console passwords and the account's policy on them.

SNAP = localstack's test_iam_users and test_iam_account_password_policy snapshots, recorded from AWS.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from batchyard.app import App
from services.iam.answers import allow, refused, without_metadata

GOOD = "Correct-Horse-1"
BETTER = "Battery-Staple-2"
VIOLATION = ("PasswordPolicyViolation", "Password does not conform to the account password policy.", 400)


@pytest.fixture
def alice(iam: Any) -> str:
    """A user without a password."""
    iam.create_user(UserName="alice")
    return "alice"


def test_a_password_from_first_to_last(iam: Any, alice: str) -> None:
    """SNAP, test_login_profile_lifecycle and test_login_profile_errors."""
    missing = ("NoSuchEntity", "Login Profile for User alice cannot be found.", 404)
    assert refused(iam.get_login_profile, UserName=alice) == missing
    assert refused(iam.delete_login_profile, UserName=alice) == missing
    assert refused(iam.update_login_profile, UserName=alice, Password=GOOD) == missing
    made = iam.create_login_profile(UserName=alice, Password=GOOD)["LoginProfile"]
    assert {key: made[key] for key in ("UserName", "PasswordResetRequired")} == {
        "UserName": "alice",
        "PasswordResetRequired": False,
    }
    assert set(made) == {"UserName", "CreateDate", "PasswordResetRequired"}
    assert iam.get_login_profile(UserName=alice)["LoginProfile"] == made
    text = "Login Profile for user alice already exists."
    answer = refused(iam.create_login_profile, UserName=alice, Password=GOOD)
    assert answer == ("EntityAlreadyExists", text, 409)
    iam.update_login_profile(UserName=alice, PasswordResetRequired=True, MaxSigninSessionDuration=3600)
    changed = iam.get_login_profile(UserName=alice)["LoginProfile"]
    assert changed == {**made, "PasswordResetRequired": True, "MaxSigninSessionDuration": 3600}
    answer = refused(
        iam.update_login_profile,
        UserName=alice,
        MaxSigninSessionDuration=3600,
        ResetMaxSigninSessionDuration=True,
    )
    assert answer[0] == "InvalidInput"
    iam.update_login_profile(UserName=alice, ResetMaxSigninSessionDuration=True, PasswordResetRequired=False)
    assert iam.get_login_profile(UserName=alice)["LoginProfile"] == made
    text = "Cannot delete entity, must delete login profile first."
    assert refused(iam.delete_user, UserName=alice) == ("DeleteConflict", text, 409)
    iam.delete_login_profile(UserName=alice)
    assert refused(iam.get_login_profile, UserName=alice) == missing
    iam.delete_user(UserName=alice)


def test_who_has_no_password(iam: Any) -> None:
    text = "The user with name nobody cannot be found."
    for call, more in (
        (iam.create_login_profile, {"Password": GOOD}),
        (iam.get_login_profile, {}),
        (iam.update_login_profile, {}),
        (iam.delete_login_profile, {}),
    ):
        assert refused(call, UserName="nobody", **more) == ("NoSuchEntity", text, 404)
    iam.create_user(UserName="u")
    assert refused(iam.create_login_profile, UserName="u")[0] == "ValidationError"


@pytest.mark.parametrize("password", ["Short-1", "onlylowercase1", "ONLY-UPPER-"])
def test_the_default_policy_wants_eight_of_three_kinds(iam: Any, alice: str, password: str) -> None:
    """IAM user guide, default password policy; a policy of the account's own replaces it."""
    assert refused(iam.create_login_profile, UserName=alice, Password=password) == VIOLATION
    iam.update_account_password_policy()
    iam.create_login_profile(UserName=alice, Password=password)


@pytest.mark.parametrize(
    ("setting", "weak", "fits"),
    [
        ({"MinimumPasswordLength": 12}, "a" * 11, "a" * 12),
        ({"RequireUppercaseCharacters": True}, "aaaaaa", "aaaaaA"),
        ({"RequireLowercaseCharacters": True}, "AAAAAA", "AAAAAa"),
        ({"RequireNumbers": True}, "aaaaaa", "aaaaa1"),
        ({"RequireSymbols": True}, "aaaaa.", "aaaaa|"),
    ],
)
def test_the_accounts_policy_is_kept(
    iam: Any, alice: str, setting: dict[str, Any], weak: str, fits: str
) -> None:
    iam.update_account_password_policy(**setting)
    assert refused(iam.create_login_profile, UserName=alice, Password=weak) == VIOLATION
    iam.create_login_profile(UserName=alice, Password=fits)
    assert refused(iam.update_login_profile, UserName=alice, Password=weak) == VIOLATION


def test_passwords_do_not_return(iam: Any, alice: str) -> None:
    """PasswordReusePrevention counts the present one; without it every password may return."""
    iam.create_login_profile(UserName=alice, Password=GOOD)
    iam.update_login_profile(UserName=alice, Password=GOOD)
    iam.update_account_password_policy(PasswordReusePrevention=2)
    iam.update_login_profile(UserName=alice, Password=BETTER)
    for former in (GOOD, BETTER):
        assert refused(iam.update_login_profile, UserName=alice, Password=former) == VIOLATION
    iam.update_login_profile(UserName=alice, Password="Third-Password-3")
    iam.update_login_profile(UserName=alice, Password=GOOD)


def test_users_change_their_own(iam: Any, user: Any, signed: Any) -> None:
    made = user(allow("iam:ChangePassword", "arn:aws:iam::*:user/${aws:username}"), name="u")
    own = signed("iam", made["key"], made["secret"])
    missing = "Login Profile for User u cannot be found."
    answer = refused(own.change_password, OldPassword=GOOD, NewPassword=BETTER)
    assert answer == ("NoSuchEntity", missing, 404)
    iam.create_login_profile(UserName="u", Password=GOOD, PasswordResetRequired=True)
    answer = refused(own.change_password, OldPassword=BETTER, NewPassword=BETTER)
    assert answer[::2] == ("AccessDenied", 403)
    assert refused(own.change_password, OldPassword=GOOD, NewPassword="weak") == VIOLATION
    own.change_password(OldPassword=GOOD, NewPassword=BETTER)
    assert iam.get_login_profile(UserName="u")["LoginProfile"]["PasswordResetRequired"] is False
    assert refused(own.change_password, OldPassword=GOOD, NewPassword=GOOD)[0] == "AccessDenied"
    own.change_password(OldPassword=BETTER, NewPassword=GOOD)
    answer = refused(iam.change_password, OldPassword=GOOD, NewPassword=BETTER)
    assert answer == ("InvalidUserType", "Only IAM Users can change their own password", 400)


def test_the_policy_lets_all_users_change_theirs(iam: Any, user: Any, signed: Any) -> None:
    """AllowUsersToChangePassword needs no permission of the user's own."""
    made = user(None, name="u")
    own = signed("iam", made["key"], made["secret"])
    iam.create_login_profile(UserName="u", Password=GOOD)
    assert refused(own.change_password, OldPassword=GOOD, NewPassword=BETTER)[0] == "AccessDenied"
    iam.update_account_password_policy(AllowUsersToChangePassword=True)
    own.change_password(OldPassword=GOOD, NewPassword=BETTER)


def test_a_password_is_kept_nowhere(iam: Any, alice: str, app: App, aws: Any, wait_for: Any) -> None:
    """Not in the database, which holds a scrypt digest, nor in the events."""
    iam.create_login_profile(UserName=alice, Password=GOOD)
    iam.update_login_profile(UserName=alice, Password=BETTER)
    trail = aws("cloudtrail")

    def told() -> Any:
        events = trail.lookup_events()["Events"]
        return [json.loads(one["CloudTrailEvent"]) for one in events if "LoginProfile" in one["EventName"]]

    wait_for(lambda: len(told()) >= 2)
    assert all(one["requestParameters"]["userName"] == alice for one in told())
    with app.store.read() as tx:
        dumped = "\n".join(str(line) for line in tx._driver.iterdump())
    for password in (GOOD, BETTER):
        assert password not in json.dumps(told())
        assert password not in dumped
    assert "scrypt$16384$8$1$" in dumped


def test_the_policy_from_first_to_last(iam: Any, account: str) -> None:
    """SNAP, test_iam_account_password_policy: defaults, every setting, and what is not there."""
    text = f"The Password Policy with domain name {account} cannot be found."
    assert refused(iam.get_account_password_policy) == ("NoSuchEntity", text, 404)
    answer = refused(iam.delete_account_password_policy)
    assert answer == ("NoSuchEntity", "The account policy with name PasswordPolicy cannot be found.", 404)
    iam.update_account_password_policy()
    defaults = {
        "AllowUsersToChangePassword": False,
        "ExpirePasswords": False,
        "MinimumPasswordLength": 6,
        "RequireLowercaseCharacters": False,
        "RequireNumbers": False,
        "RequireSymbols": False,
        "RequireUppercaseCharacters": False,
    }
    assert without_metadata(iam.get_account_password_policy()) == {"PasswordPolicy": defaults}
    custom = {
        "AllowUsersToChangePassword": True,
        "HardExpiry": True,
        "MaxPasswordAge": 60,
        "MinimumPasswordLength": 10,
        "PasswordReusePrevention": 3,
        "RequireLowercaseCharacters": True,
        "RequireNumbers": True,
        "RequireSymbols": True,
        "RequireUppercaseCharacters": True,
    }
    iam.update_account_password_policy(**custom)
    assert iam.get_account_password_policy()["PasswordPolicy"] == {**custom, "ExpirePasswords": True}
    iam.update_account_password_policy(MinimumPasswordLength=7)
    policy = iam.get_account_password_policy()["PasswordPolicy"]
    assert policy == {**defaults, "MinimumPasswordLength": 7}
    answer = refused(iam.update_account_password_policy, MinimumPasswordLength=129, MaxPasswordAge=1096)
    assert answer[0] == "ValidationError"
    iam.delete_account_password_policy()
    assert refused(iam.get_account_password_policy) == ("NoSuchEntity", text, 404)
