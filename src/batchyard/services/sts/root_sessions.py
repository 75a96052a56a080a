"""AssumeRoot: a privileged task as a member account's root user, for an organization's management account."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NoReturn

from batchyard.framework.check import Check
from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.services.sts.service import sts

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


def _task_policy(request: Any) -> str:
    return str(request["TaskPolicyArn"].get("arn", ""))


def _root_user(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    target = request["TargetPrincipal"]
    arn = target if target.startswith("arn:") else f"arn:{ctx.partition}:iam::{target}:root"
    yield Check(resource=arn, context={"sts:TaskPolicyArn": _task_policy(request)})


@sts.operation(on=_root_user, read_only=True)
def assume_root(ctx: Context, request: Any) -> NoReturn:
    """Refused for every caller: no account here is in an organization, so none is another's member.

    Code and texts are guesses, but for that of a malformed principal, which is AssumeRole's.
    """
    if ctx.session.kind == "root":
        raise _denied("Root sessions may not be assumed by root accounts.")
    if _TARGET.fullmatch(request["TargetPrincipal"]) is None:
        raise ApiError("ValidationError", f"{request['TargetPrincipal']} is invalid")
    if _task_policy(request) not in {f"arn:{ctx.partition}:iam::aws:policy/root-task/{one}" for one in TASKS}:
        raise ApiError("ValidationError", f"{_task_policy(request)} is not a policy of a root task.")
    raise _denied("The target account is not a member of an organization that your account manages.")


def _denied(text: str) -> ApiError:
    return ApiError("AccessDenied", text, status=403)
