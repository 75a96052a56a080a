"""The credential report: one line of CSV for the root and for each user, at most every four hours anew."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, select

from batchyard.audit.last_access import find_key_use
from batchyard.framework.check import ANY
from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.framework.operation import NoMembers
from batchyard.services.iam.credentials.access_keys import keys_of
from batchyard.services.iam.credentials.login_profiles import find_profile
from batchyard.services.iam.credentials.mfa_devices import devices_of
from batchyard.services.iam.credentials.password_policies import find_password_policy
from batchyard.services.iam.credentials.signing_certificates import certificates_of
from batchyard.services.iam.nouns import USER
from batchyard.services.iam.service import iam
from batchyard.services.iam.tables import credential_reports
from batchyard.store.prepared import Prepared, Row
from batchyard.store.upsert import upsert

FRESH = timedelta(hours=4)
_NONE = "N/A"
_KEY_COLUMNS = ("active", "last_rotated", "last_used_date", "last_used_region", "last_used_service")
COLUMNS = (
    "user",
    "arn",
    "user_creation_time",
    "password_enabled",
    "password_last_used",
    "password_last_changed",
    "password_next_rotation",
    "mfa_active",
    *(f"access_key_{number}_{column}" for number in (1, 2) for column in _KEY_COLUMNS),
    *(f"cert_{number}_{column}" for number in (1, 2) for column in ("active", "last_rotated")),
)
"""The report's columns, in AWS's order (IAM user guide, Getting credential reports)."""

_REPORT = Prepared(
    select(credential_reports).where(
        credential_reports.c.partition == bindparam("in_partition"),
        credential_reports.c.account == bindparam("of"),
    )
)


def _find(ctx: Context) -> Row | None:
    return ctx.read.first(_REPORT, in_partition=ctx.partition, of=ctx.account)


@iam.operation(on=ANY, writes=True, read_only=True)
def generate_credential_report(ctx: Context, request: NoMembers) -> dict[str, Any]:
    """Make a report where there is none of the last four hours; it can be read at once."""
    report = _find(ctx)
    if report is not None and report.generated_at > ctx.now - FRESH:
        return {"State": "COMPLETE"}
    made = {"content": _csv(ctx), "generated_at": ctx.now}
    ctx.write.run(upsert(credential_reports, {"partition": ctx.partition, "account": ctx.account, **made}))
    if report is None:
        text = "No report exists. Starting a new report generation task"
        return {"State": "STARTED", "Description": text}
    return {"State": "STARTED"}


@iam.operation(on=ANY)
def get_credential_report(ctx: Context, request: NoMembers) -> dict[str, Any]:
    """Read the report; ReportNotPresent comes without a message (recorded: SNAP), ReportExpired after four hours."""
    report = _find(ctx)
    if report is None:
        raise ApiError("ReportNotPresent", "", status=410)
    if report.generated_at <= ctx.now - FRESH:
        raise ApiError("ReportExpired", "", status=410)
    return {
        "Content": report.content.encode(),
        "ReportFormat": "text/csv",
        "GeneratedTime": report.generated_at.replace(microsecond=0),
    }


def _csv(ctx: Context) -> str:
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(COLUMNS)
    lines.writerow(_root_line(ctx))
    for row in USER.page(ctx, "", 1_000_000, prefix="/")[0]:
        lines.writerow(_user_line(ctx, row))
    return out.getvalue().removesuffix("\n")


def _root_line(ctx: Context) -> list[str]:
    """The account's root has no password and no keys here; when the account began, nothing tells."""
    arn = f"arn:{ctx.partition}:iam::{ctx.account}:root"
    password = ["not_supported", "no_information", "not_supported", "not_supported"]
    return [
        "<root_account>",
        arn,
        "no_information",
        *password,
        "false",
        *_no_key(),
        *_no_key(),
        *_no_certificates(0),
    ]


def _user_line(ctx: Context, row: Row) -> list[str]:
    keys = [_key(ctx, key) for key in keys_of(ctx, row)]
    certificates = certificates_of(ctx, row)
    return [
        row.name,
        USER.arn_of(row),
        _time(row.created_at),
        *_password(ctx, row),
        _flag(bool(devices_of(ctx, row))),
        *(column for key in [*keys, _no_key(), _no_key()][:2] for column in key),
        *(
            column
            for certificate in certificates
            for column in (_flag(certificate.status == "Active"), _time(certificate.created_at))
        ),
        *_no_certificates(len(certificates)),
    ]


def _password(ctx: Context, row: Row) -> Iterator[str]:
    """Enabled, last used, last changed, next rotation. Nobody signs in with a password here yet."""
    profile = find_profile(ctx, row)
    if profile is None:
        yield from ("false", _NONE, _NONE, _NONE)
        return
    days = (find_password_policy(ctx) or {}).get("MaxPasswordAge")
    rotation = _NONE if days is None else _time(profile.changed_at + timedelta(days=days))
    yield from ("true", "no_information", _time(profile.changed_at), rotation)


def _key(ctx: Context, key: Row) -> list[str]:
    use = find_key_use(ctx.read, key.access_key_id)
    used = [_NONE] * 3 if use is None else [_time(use.at), use.region, use.service]
    return [_flag(key.status == "Active"), _time(key.created_at), *used]


def _no_key() -> list[str]:
    return ["false", _NONE, _NONE, _NONE, _NONE]


def _no_certificates(present: int) -> list[str]:
    return ["false", _NONE] * (2 - present)


def _flag(fact: bool) -> str:
    return "true" if fact else "false"


def _time(moment: datetime) -> str:
    return moment.replace(microsecond=0).isoformat()
