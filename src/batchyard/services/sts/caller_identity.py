"""GetCallerIdentity: needs no permission, works even with an explicit Deny (iam-evaluation.md 1)."""

from typing import Any

from batchyard.framework.check import UNCHECKED
from batchyard.framework.context import Context
from batchyard.framework.operation import NoMembers
from batchyard.services.sts.service import sts


@sts.operation(on=UNCHECKED("AWS asks no permission for it"))
def get_caller_identity(ctx: Context, request: NoMembers) -> dict[str, Any]:
    """Tell the caller's own account, id and ARN."""
    session = ctx.session
    return {"UserId": session.principal_id, "Account": session.account, "Arn": session.arn}
