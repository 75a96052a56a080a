"""Access keys. Recorded texts: SNAP = localstack's test_iam_users.snapshot.json, TestUserAccessKeys."""

from __future__ import annotations

from typing import Any

from services.iam.answers import allow, refused, without_metadata


def test_a_keys_life(iam: Any) -> None:
    """SNAP test_access_key_lifecycle: the secret is in CreateAccessKey's answer alone."""
    iam.create_user(UserName="u")
    assert without_metadata(iam.list_access_keys(UserName="u")) == {
        "AccessKeyMetadata": [],
        "IsTruncated": False,
    }
    key = iam.create_access_key(UserName="u")["AccessKey"]
    assert key["AccessKeyId"].startswith("AKIA")
    assert (len(key["AccessKeyId"]), len(key["SecretAccessKey"])) == (20, 40)
    shown = {name: value for name, value in key.items() if name != "SecretAccessKey"}
    assert iam.list_access_keys(UserName="u")["AccessKeyMetadata"] == [shown]
    iam.delete_access_key(UserName="u", AccessKeyId=key["AccessKeyId"])
    assert iam.list_access_keys(UserName="u")["AccessKeyMetadata"] == []


def test_keys_errors(iam: Any) -> None:
    """SNAP test_access_key_errors, test_access_key_limit."""
    missing = ("NoSuchEntity", "The user with name none cannot be found.", 404)
    assert refused(iam.create_access_key, UserName="none") == missing
    iam.create_user(UserName="u")
    text = "The Access Key with id AKIAIOSFODNN7EXAMPLE cannot be found."
    request = {"UserName": "u", "AccessKeyId": "AKIAIOSFODNN7EXAMPLE"}
    assert refused(iam.update_access_key, **request, Status="Inactive") == ("NoSuchEntity", text, 404)
    assert refused(iam.delete_access_key, **request) == ("NoSuchEntity", text, 404)
    iam.create_access_key(UserName="u")
    iam.create_access_key(UserName="u")
    text = "Cannot exceed quota for AccessKeysPerUser: 2"
    assert refused(iam.create_access_key, UserName="u") == ("LimitExceeded", text, 409)


def test_a_key_is_its_users_alone(iam: Any) -> None:
    iam.create_user(UserName="a")
    iam.create_user(UserName="b")
    key = iam.create_access_key(UserName="a")["AccessKey"]["AccessKeyId"]
    assert refused(iam.delete_access_key, UserName="b", AccessKeyId=key)[0] == "NoSuchEntity"
    assert len(iam.list_access_keys(UserName="a")["AccessKeyMetadata"]) == 1


def test_an_inactive_key_signs_nothing(iam: Any, user: Any, signed: Any) -> None:
    """iam-evaluation.md 8: a deactivated key answers as an unknown one does."""
    made = user(allow("iam:ListUsers"), name="u")
    own = signed("iam", made["key"], made["secret"])
    own.list_users()
    iam.update_access_key(UserName="u", AccessKeyId=made["key"], Status="Inactive")
    assert refused(own.list_users)[0] == "InvalidClientTokenId"
    iam.update_access_key(UserName="u", AccessKeyId=made["key"], Status="Active")
    own.list_users()
    iam.delete_access_key(UserName="u", AccessKeyId=made["key"])
    assert refused(own.list_users)[0] == "InvalidClientTokenId"


def test_users_manage_their_own_keys(user: Any, signed: Any) -> None:
    """IAM user guide: `arn:aws:iam::*:user/${aws:username}` with UserName left out."""
    made = user(allow("iam:*AccessKey*", "arn:aws:iam::*:user/${aws:username}"), name="u")
    own = signed("iam", made["key"], made["secret"])
    second = own.create_access_key()["AccessKey"]
    assert second["UserName"] == "u"
    assert len(own.list_access_keys()["AccessKeyMetadata"]) == 2
    own.delete_access_key(AccessKeyId=second["AccessKeyId"])
    assert refused(own.create_access_key, UserName="somebody-else")[0] == "AccessDenied"


def test_when_a_key_was_last_used(iam: Any, user: Any, signed: Any, wait_for: Any) -> None:
    """SNAP test_access_key_last_used: N/A without a date until used."""
    made = user(allow("iam:ListUsers"), name="u")
    unused = {"ServiceName": "N/A", "Region": "N/A"}
    answer = without_metadata(iam.get_access_key_last_used(AccessKeyId=made["key"]))
    assert answer == {"UserName": "u", "AccessKeyLastUsed": unused}
    other = iam.create_access_key(UserName="u")["AccessKey"]["AccessKeyId"]
    signed("iam", made["key"], made["secret"]).list_users()

    def used() -> Any:
        last = iam.get_access_key_last_used(AccessKeyId=made["key"])["AccessKeyLastUsed"]
        return last if "LastUsedDate" in last else None

    last = wait_for(used)
    assert (last["ServiceName"], last["Region"]) == ("iam", "us-east-1")
    assert iam.get_access_key_last_used(AccessKeyId=other)["AccessKeyLastUsed"] == unused


def test_a_key_of_nobody_is_denied_in_words_of_its_own(iam: Any, account: str) -> None:
    """SNAP test_access_key_errors: AccessDenied also for an administrator, with `iam:` behind no colon."""
    text = (
        f"User: arn:aws:iam::{account}:root is not authorized to perform iam:GetAccessKeyLastUsed on resource: "
        "access key AKIAIOSFODNN7EXAMPLE"
    )
    answer = refused(iam.get_access_key_last_used, AccessKeyId="AKIAIOSFODNN7EXAMPLE")
    assert answer == ("AccessDenied", text, 403)


def test_secrets_are_sealed_at_rest(iam: Any, app: Any) -> None:
    """docs/decisions/0000: secret keys are stored encrypted."""
    iam.create_user(UserName="u")
    secret = iam.create_access_key(UserName="u")["AccessKey"]["SecretAccessKey"].encode()
    kept = b"".join(path.read_bytes() for path in app.directory.glob("batchyard.db*"))
    assert len(kept) > 10_000
    assert secret not in kept
