"""GetSessionToken: temporary credentials for the same user or root."""

from datetime import timedelta
from typing import Any

from batchyard.clock import wall_now
from batchyard.framework.check import UNCHECKED
from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.services.sts.service import sts

LONGEST_FOR_ROOT_SECONDS = 3600
USUAL_SECONDS = 43200


@sts.operation(
    on=UNCHECKED("AWS asks no permission for it"),
    refuses=("SerialNumber", "TokenCode", "MinimumSessionTokenSize"),
    read_only=True,
)
def get_session_token(ctx: Context, request: Any) -> dict[str, Any]:
    """Issue temporary credentials; a role's session may not ask (AccessDenied, STS API reference)."""
    session = ctx.session
    if session.temporary or session.kind not in ("root", "user"):
        raise ApiError("AccessDenied", "Cannot call GetSessionToken with session credentials", status=403)
    seconds = request.get("DurationSeconds", USUAL_SECONDS)
    if session.kind == "root":
        seconds = min(seconds, LONGEST_FOR_ROOT_SECONDS)
    now = wall_now().replace(microsecond=0)
    credentials = ctx.runtime.issuer.issue_temporary(
        session, issued_at=now, expires_at=now + timedelta(seconds=seconds), mfa=False
    )
    return {"Credentials": credentials}
