"""AssumeRoot: a privileged task as a member account's root user, for an organization's management account.

Texts are recorded: radkawar/stackd, testdata/aws/iam/root_access.json.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NoReturn

from batchyard.framework.check import Check
from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.services.sts.service import sts

if TYPE_CHECKING:
    from types_boto3_sts.type_defs import AssumeRootRequestTypeDef

TASKS = frozenset(
    (
        "IAMAuditRootUserCredentials",
        "IAMCreateRootUserPassword",
        "IAMDeleteRootUserCredentials",
        "S3UnlockBucketPolicy",
        "SQSUnlockQueuePolicy",
    )
)
"""AWS's policies below `root-task/`; a session must be given one of them (botocore, AssumeRoot)."""
_TARGET = re.compile(r"[0-9]{12}|arn:aws[a-z-]*:iam::[0-9]{12}:root")


def _root_of(ctx: Context, request: Any) -> str:
    target: str = request["TargetPrincipal"]
    if _TARGET.fullmatch(target) is None:
        raise ApiError("ValidationError", "Request must contain a valid target principal")
    return target if target.startswith("arn:") else f"arn:{ctx.partition}:iam::{target}:root"


def _task_policy(ctx: Context, request: Any) -> str:
    arn = request["TaskPolicyArn"].get("arn")
    if arn is None:
        text = "Value null at 'taskPolicyArn' failed to satisfy constraint: Member must not be null"
        raise ApiError("ValidationError", f"1 validation error detected: {text}")
    if arn not in {f"arn:{ctx.partition}:iam::aws:policy/root-task/{one}" for one in TASKS}:
        raise ApiError("ValidationError", "Request must contain valid AWS managed task policy ARN")
    return str(arn)


def _refusal(ctx: Context, request: Any) -> str:
    """The same whatever is missing: a permission, or an organization that both accounts are in."""
    action = "is not authorized to perform: sts:AssumeRoot"
    return f"User: {ctx.session.arn} {action} on resource: {_root_of(ctx, request)}"


def _root_user(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    yield Check(
        resource=_root_of(ctx, request),
        context={"sts:TaskPolicyArn": _task_policy(ctx, request)},
        refusal=_refusal(ctx, request),
    )


@sts.operation(on=_root_user, read_only=True)
def assume_root(ctx: Context, request: AssumeRootRequestTypeDef) -> NoReturn:
    """Refused for every caller: no account here is in an organization, so none is another's member.

    AWS, too, refuses a missing permission and a target that is no member in the same words. That the target is looked
    at before permissions is a guess.
    """
    raise ApiError("AccessDenied", _refusal(ctx, request), status=403)
