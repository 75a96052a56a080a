"""Virtual MFA devices. SNAP = localstack's test_iam_mfa.snapshot.json, recorded from AWS in 2026."""

from __future__ import annotations

import base64
import time
from typing import Any

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from batchyard.app import App
from services.iam.answers import refused, without_metadata


def codes(seed: bytes, *, steps: int = 0) -> dict[str, str]:
    """Two codes in a row, as an authenticator app shows them so many steps from now."""
    generator = TOTP(base64.b32decode(seed), 6, SHA1(), 30)
    at = int(time.time()) + 30 * steps
    return {
        "AuthenticationCode1": generator.generate(at).decode(),
        "AuthenticationCode2": generator.generate(at + 30).decode(),
    }


@pytest.fixture
def device(iam: Any) -> dict[str, Any]:
    """A device that nobody has."""
    return dict(iam.create_virtual_mfa_device(VirtualMFADeviceName="phone", Path="/p/")["VirtualMFADevice"])


def test_a_device_from_first_to_last(iam: Any, account: str, device: dict[str, Any], app: App) -> None:
    serial = device["SerialNumber"]
    assert serial == f"arn:aws:iam::{account}:mfa/p/phone"
    assert len(base64.b32decode(device["Base32StringSeed"])) == 40
    assert device["QRCodePNG"].startswith(b"\x89PNG")
    with app.store.read() as tx:
        seed = device["Base32StringSeed"].decode()
        assert not any(seed in str(line) for line in tx._driver.iterdump())
    user = iam.create_user(UserName="u")["User"]
    assert iam.list_mfa_devices(UserName="u")["MFADevices"] == []
    assert iam.list_virtual_mfa_devices(AssignmentStatus="Unassigned")["VirtualMFADevices"] == [
        {"SerialNumber": serial}
    ]
    named = {"UserName": "u", "SerialNumber": serial}
    iam.enable_mfa_device(**named, **codes(device["Base32StringSeed"]))
    (enabled,) = iam.list_mfa_devices(UserName="u")["MFADevices"]
    assert set(enabled) == {"UserName", "SerialNumber", "EnableDate"}
    (assigned,) = iam.list_virtual_mfa_devices(AssignmentStatus="Assigned")["VirtualMFADevices"]
    assert assigned == {"SerialNumber": serial, "EnableDate": enabled["EnableDate"], "User": user}
    assert iam.list_virtual_mfa_devices(AssignmentStatus="Unassigned")["VirtualMFADevices"] == []
    found = without_metadata(iam.get_mfa_device(SerialNumber=serial))
    assert found == enabled
    assert without_metadata(iam.get_mfa_device(**named)) == enabled
    summary = iam.get_account_summary()["SummaryMap"]
    assert (summary["MFADevices"], summary["MFADevicesInUse"]) == (1, 1)
    text = "MFA VirtualDevice in use. Must deactivate first."
    assert refused(iam.delete_virtual_mfa_device, SerialNumber=serial) == ("DeleteConflict", text, 409)
    text = "Cannot delete entity, must delete MFA device first."
    assert refused(iam.delete_user, UserName="u") == ("DeleteConflict", text, 409)
    iam.resync_mfa_device(**named, **codes(device["Base32StringSeed"], steps=-50))
    iam.deactivate_mfa_device(**named)
    assert iam.list_mfa_devices(UserName="u")["MFADevices"] == []
    iam.delete_virtual_mfa_device(SerialNumber=serial)
    assert iam.list_virtual_mfa_devices()["VirtualMFADevices"] == []


def test_only_two_codes_in_a_row_enable(iam: Any, device: dict[str, Any]) -> None:
    iam.create_user(UserName="u")
    named = {"UserName": "u", "SerialNumber": device["SerialNumber"]}
    right = codes(device["Base32StringSeed"])
    swapped = dict(zip(right, list(right.values())[::-1], strict=True))
    late = codes(device["Base32StringSeed"], steps=-20)
    twice = dict.fromkeys(right, right["AuthenticationCode1"])
    for wrong in (swapped, late, twice, dict.fromkeys(right, "000000")):
        code, _, status = refused(iam.enable_mfa_device, **named, **wrong)
        assert (code, status) == ("InvalidAuthenticationCode", 403)
    iam.enable_mfa_device(**named, **right)
    answer = refused(iam.enable_mfa_device, **named, **right)
    assert answer == ("EntityAlreadyExists", "MFA Device is already in use.", 409)


def test_what_is_refused(iam: Any, device: dict[str, Any]) -> None:
    """SNAP, the texts."""
    answer = refused(iam.create_virtual_mfa_device, VirtualMFADeviceName="PHONE")
    assert answer == ("EntityAlreadyExists", "MFA device already exists.", 409)
    missing = device["SerialNumber"].replace("phone", "none")
    text = f"MFA Device with serial number {missing} does not exist."
    iam.create_user(UserName="u")
    for call, more in (
        (iam.delete_virtual_mfa_device, {}),
        (iam.deactivate_mfa_device, {"UserName": "u"}),
        (iam.enable_mfa_device, {"UserName": "u", **codes(device["Base32StringSeed"])}),
        (iam.list_mfa_device_tags, {}),
        (iam.get_mfa_device, {}),
    ):
        assert refused(call, SerialNumber=missing, **more) == ("NoSuchEntity", text, 404)
    text = "The user with name nobody cannot be found."
    answer = refused(iam.deactivate_mfa_device, UserName="nobody", SerialNumber=device["SerialNumber"])
    assert answer == ("NoSuchEntity", text, 404)
    answer = refused(iam.list_virtual_mfa_devices, Marker="?")
    assert answer == ("ValidationError", "Invalid Marker.", 400)


def test_tags(iam: Any) -> None:
    tags = [{"Key": "b", "Value": "2"}, {"Key": "a", "Value": "1"}]
    made = iam.create_virtual_mfa_device(VirtualMFADeviceName="d", Tags=tags)["VirtualMFADevice"]
    assert made["Tags"] == tags[::-1]
    serial = {"SerialNumber": made["SerialNumber"]}
    iam.tag_mfa_device(**serial, Tags=[{"Key": "c", "Value": "3"}])
    iam.untag_mfa_device(**serial, TagKeys=["a", "b"])
    assert iam.list_mfa_device_tags(**serial)["Tags"] == [{"Key": "c", "Value": "3"}]
