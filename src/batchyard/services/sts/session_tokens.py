"""GetSessionToken: temporary credentials for the same user or root."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from batchyard.clock import wall_now
from batchyard.framework.check import UNCHECKED
from batchyard.framework.context import Context
from batchyard.services.sts.multi_factor import check_code
from batchyard.services.sts.service import sts
from batchyard.services.sts.token_sizes import least_token_bytes, token_size

if TYPE_CHECKING:
    from types_boto3_sts.type_defs import GetSessionTokenRequestTypeDef

LONGEST_FOR_ROOT_SECONDS = 3600
USUAL_SECONDS = 43200


@sts.operation(on=UNCHECKED("AWS asks no permission for it"), read_only=True)
def get_session_token(ctx: Context, request: GetSessionTokenRequestTypeDef) -> dict[str, Any]:
    """Issue temporary credentials, with MFA where the code of a device is given."""
    mfa = check_code(ctx, request)
    now = wall_now().replace(microsecond=0)
    credentials = ctx.runtime.issuer.issue_temporary(
        ctx.session,
        issued_at=now,
        expires_at=now + timedelta(seconds=lifetime_seconds(ctx, request)),
        mfa=mfa,
        least_token_bytes=least_token_bytes(request),
    )
    return {"Credentials": credentials, **token_size(credentials)}


def lifetime_seconds(ctx: Context, request: Any) -> int:
    """How long credentials that a user or root asks for last: twelve hours where nothing is said, an hour for root."""
    seconds: int = request.get("DurationSeconds", USUAL_SECONDS)
    return min(seconds, LONGEST_FOR_ROOT_SECONDS) if ctx.session.kind == "root" else seconds
