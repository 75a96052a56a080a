"""MFA in AssumeRole and GetSessionToken: codes of the user's own device, once each."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from batchyard.clock import wall_now
from services.sts.conftest import allow, document, refused, trusting

Call = Callable[..., Any]
MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}


@pytest.fixture
def device(aws: Call) -> Callable[[str], tuple[str, Callable[[int], str]]]:
    """`device(user)`: the serial number of a device that is enabled for the user, and `code(step)` from now."""

    def make(name: str) -> tuple[str, Callable[[int], str]]:
        iam = aws("iam")
        made = iam.create_virtual_mfa_device(VirtualMFADeviceName=f"{name}-device")["VirtualMFADevice"]
        shown = TOTP(base64.b32decode(made["Base32StringSeed"]), 6, SHA1(), 30)

        def code(step: int) -> str:
            return shown.generate(int(wall_now().timestamp()) + step * 30).decode()

        iam.enable_mfa_device(
            UserName=name,
            SerialNumber=made["SerialNumber"],
            AuthenticationCode1=code(-1),
            AuthenticationCode2=code(0),
        )
        return made["SerialNumber"], code

    return make


def test_a_session_with_mfa_may_call_iam(user: Call, as_: Call, device: Call) -> None:
    made = user(document({**allow("iam:ListUsers"), "Condition": MFA}))
    serial, code = device(made["name"])
    assert refused(as_(made, "iam").list_users)[0] == "AccessDenied"
    plain = as_(made).get_session_token()["Credentials"]
    assert refused(as_(plain, "iam").list_users)[0] == "InvalidClientTokenId"
    given = as_(made).get_session_token(SerialNumber=serial, TokenCode=code(0))["Credentials"]
    as_(given, "iam").list_users()


def test_a_code_is_taken_once(user: Call, as_: Call, device: Call) -> None:
    made = user(None)
    serial, code = device(made["name"])
    shown = code(0)
    as_(made).get_session_token(SerialNumber=serial, TokenCode=shown)
    wrong = ("AccessDenied", "MultiFactorAuthentication failed with invalid MFA one time pass code. ")
    assert refused(as_(made).get_session_token, SerialNumber=serial, TokenCode=shown) == wrong
    as_(made).get_session_token(SerialNumber=serial, TokenCode=code(1))
    assert refused(as_(made).get_session_token, SerialNumber=serial, TokenCode=code(20)) == wrong


def test_a_trust_policy_asks_for_mfa(user: Call, as_: Call, device: Call, role: Call, account: str) -> None:
    """The session of the role has no such key (IAM user guide, "Configuring MFA-protected API access")."""
    without = {"Null": {"aws:MultiFactorAuthAge": "true"}}
    arn = role(
        "acting", trusting({"AWS": account}, Condition=MFA), may=[{**allow("logs:*"), "Condition": without}]
    )["Arn"]
    made = user(document(allow("sts:AssumeRole")))
    serial, code = device(made["name"])
    request = {"RoleArn": arn, "RoleSessionName": "work"}
    assert refused(as_(made).assume_role, **request)[1].endswith(
        "because no role trust policy allows the sts:AssumeRole action"
    )
    given = as_(made).assume_role(**request, SerialNumber=serial, TokenCode=code(0))["Credentials"]
    as_(given, "logs").describe_log_groups()


def test_another_users_device_is_none(user: Call, as_: Call, device: Call) -> None:
    serial, code = device(user(None, name="owner")["name"])
    made = user(None, name="thief")
    code_, message = refused(as_(made).get_session_token, SerialNumber=serial, TokenCode=code(0))
    assert code_ == "AccessDenied"
    assert message == (
        "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is"
        " valid and associated with this user."
    )


@pytest.mark.parametrize("given", [{"TokenCode": "123456"}, {"SerialNumber": "arn:aws:iam::1:mfa/x"}])
def test_half_of_it_does_not_do(given: Any, user: Call, as_: Call) -> None:
    assert refused(as_(user(None)).get_session_token, **given) == (
        "AccessDenied",
        "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code.",
    )
