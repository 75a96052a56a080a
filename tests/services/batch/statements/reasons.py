"""What an environment says when its role was refused something."""

from __future__ import annotations

from typing import Any

from services.batch.environments import describe

POLICY = "BatchServiceRolePolicy"
WAITS = "MISCONFIGURATION:SERVICE_ROLE_PERMISSIONS – Batch service role has a permission issue."
LAUNCH_REFUSED = "CLIENT_ERROR - You are not authorized to use launch template: Batch-lt-"
_EC2_FIRST = "You are not authorized to perform this operation. "


def reason_of(account: str, action: str, *, told_by: str | None = None) -> str:
    """How the statusReason begins, as each service words a denial; `told_by`: whose call asked for the action."""
    first = _EC2_FIRST if (told_by or action).startswith("ec2") else ""
    user = f"arn:aws:sts::{account}:assumed-role/AWSServiceRoleForBatch/aws-batch"
    return f"CLIENT_ERROR - {first}User: {user} is not authorized to perform: {action} "


def is_invalid(batch: Any, name: str, text: str) -> bool:
    """Is the environment INVALID with a statusReason that begins so?"""
    shown = describe(batch, name)
    return bool(shown["status"] == "INVALID" and shown["statusReason"].startswith(text))
