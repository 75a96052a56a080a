"""Multi-factor authentication given with a call: SerialNumber and TokenCode (texts in people's logs)."""

from __future__ import annotations

from typing import Any

from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError


def check_code(ctx: Context, request: Any) -> bool:
    """Whether the request gives a device's serial number and its code; raises AccessDenied where they do not hold."""
    serial, code = request.get("SerialNumber"), request.get("TokenCode")
    if serial is None and code is None:
        return False
    if serial is None or code is None:
        raise _failed(
            "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code."
        )
    mfa = ctx.runtime.mfa
    if not mfa.has_device(ctx.read, ctx.session, serial):
        # Two blanks: aws/aws-cli#6325.
        raise _failed(
            "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is"
            " valid and associated with this user."
        )
    if not mfa.takes_code(ctx.read, ctx.session, serial, code, now=ctx.now):
        raise _failed("MultiFactorAuthentication failed with invalid MFA one time pass code. ")
    return True


def multi_factor_keys(ctx: Context, request: Any) -> dict[str, str]:
    """The condition keys of a call that gives a code.

    AssumeRole's session has none of them: a trust policy can ask for MFA, the role's own cannot (IAM user guide,
    "Configuring MFA-protected API access").
    """
    if not check_code(ctx, request):
        return {}
    return {"aws:MultiFactorAuthPresent": "true", "aws:MultiFactorAuthAge": "0"}


def _failed(text: str) -> ApiError:
    return ApiError("AccessDenied", text, status=403)
