"""The credential report, as a table. The missing one is recorded (SNAP: localstack's test_iam_credential_report)."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from batchyard.config import Settings
from conftest import Serving
from services.iam.answers import allow, refused
from services.iam.test_certificates import certificate

HEADER = (
    "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,"
    "password_next_rotation,mfa_active,access_key_1_active,access_key_1_last_rotated,"
    "access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service,"
    "access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,"
    "access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,cert_1_last_rotated,"
    "cert_2_active,cert_2_last_rotated"
)
"""IAM user guide, Getting credential reports."""


def _lines(iam: Any) -> dict[str, dict[str, str]]:
    report = iam.get_credential_report()
    assert report["ReportFormat"] == "text/csv"
    text = report["Content"].decode()
    assert text.startswith(HEADER + "\n")
    assert not text.endswith("\n")
    return {line["user"]: line for line in csv.DictReader(io.StringIO(text))}


def test_a_report_tells_everyones_credentials(
    iam: Any, user: Any, signed: Any, account: str, wait_for: Any
) -> None:
    assert refused(iam.get_credential_report)[::2] == ("ReportNotPresent", 410)
    made = user(allow("iam:ListUsers"), name="busy")
    signed("iam", made["key"], made["secret"]).list_users()
    wait_for(
        lambda: "LastUsedDate" in iam.get_access_key_last_used(AccessKeyId=made["key"])["AccessKeyLastUsed"]
    )
    iam.update_account_password_policy(MaxPasswordAge=90)
    iam.create_login_profile(UserName="busy", Password="Correct-Horse-1")
    body, _ = certificate()
    iam.upload_signing_certificate(UserName="busy", CertificateBody=body)
    iam.create_user(UserName="idle", Path="/p/")
    begun = iam.generate_credential_report()
    assert (begun["State"], begun["Description"]) == (
        "STARTED",
        "No report exists. Starting a new report generation task",
    )
    assert iam.generate_credential_report()["State"] == "COMPLETE"
    lines = _lines(iam)
    assert list(lines) == ["<root_account>", "busy", "idle"]
    root, busy, idle = lines.values()
    assert root["arn"] == f"arn:aws:iam::{account}:root"
    assert (root["password_enabled"], root["access_key_1_active"]) == ("not_supported", "false")
    assert idle["arn"] == f"arn:aws:iam::{account}:user/p/idle"
    empty = {"password_last_changed": "N/A", "access_key_1_last_rotated": "N/A", "cert_1_last_rotated": "N/A"}
    assert idle.items() >= {"password_enabled": "false", "mfa_active": "false", **empty}.items()
    assert busy["password_enabled"] == "true"
    changed = datetime.fromisoformat(busy["password_last_changed"])
    assert datetime.fromisoformat(busy["password_next_rotation"]) == changed + timedelta(days=90)
    assert (busy["access_key_1_active"], busy["access_key_2_active"]) == ("true", "false")
    assert (busy["access_key_1_last_used_region"], busy["access_key_1_last_used_service"]) == (
        "us-east-1",
        "iam",
    )
    assert datetime.now(UTC) - datetime.fromisoformat(busy["access_key_1_last_used_date"]) < timedelta(
        minutes=5
    )
    assert (busy["cert_1_active"], busy["cert_2_active"]) == ("true", "false")


@pytest.fixture
def clocked() -> Any:
    """A server of its own whose clock only `advance` moves on."""
    one = Serving(Settings(ephemeral=True, port=0, pace=0.05, test_clock=True))
    yield one
    one.close()


def test_a_report_is_good_for_four_hours(clocked: Serving) -> None:
    iam = boto3.Session().client(
        "iam",
        endpoint_url=clocked.endpoint,
        region_name="us-east-1",
        aws_access_key_id="123456789012",
        aws_secret_access_key="test",
    )
    clock: Any = clocked.app.clock
    assert iam.generate_credential_report()["State"] == "STARTED"
    iam.create_user(UserName="late")
    clock.advance(4 * 3600 - 60)
    assert iam.generate_credential_report()["State"] == "COMPLETE"
    assert "late" not in _lines(iam)
    clock.advance(61)
    assert refused(iam.get_credential_report)[::2] == ("ReportExpired", 410)
    assert iam.generate_credential_report()["State"] == "STARTED"
    assert "late" in _lines(iam)
