"""AssumeRoot: refused for everybody, as no account is in an organization; what is asked before that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from services.sts.conftest import allow, document, refused

Call = Callable[..., Any]
TASK = "arn:aws:iam::aws:policy/root-task/S3UnlockBucketPolicy"
MEMBER = "111122223333"


@pytest.mark.parametrize("target", [MEMBER, f"arn:aws:iam::{MEMBER}:root"])
def test_permission_then_the_organization(user: Call, as_: Call, target: str) -> None:
    request = {"TargetPrincipal": target, "TaskPolicyArn": {"arn": TASK}}
    without = user(None)
    code, text = refused(as_(without).assume_root, **request)
    assert code == "AccessDenied"
    resource = f"arn:aws:iam::{MEMBER}:root"
    assert text.startswith(
        f"User: {without['arn']} is not authorized to perform: sts:AssumeRoot on resource: {resource} because"
    )
    permission = {
        **allow("sts:AssumeRoot", resource),
        "Condition": {"ArnEquals": {"sts:TaskPolicyArn": TASK}},
    }
    allowed = as_(user(document(permission)))
    code, text = refused(allowed.assume_root, **request)
    assert code == "AccessDenied"
    assert text == "The target account is not a member of an organization that your account manages."
    other = {"arn": TASK.replace("S3UnlockBucketPolicy", "SQSUnlockQueuePolicy")}
    assert "not authorized" in refused(allowed.assume_root, **{**request, "TaskPolicyArn": other})[1]


def test_what_is_malformed(user: Call, as_: Call) -> None:
    sts = as_(user(document(allow("sts:AssumeRoot"))))
    task = {"arn": TASK}
    assert refused(sts.assume_root, TargetPrincipal="not-an-account", TaskPolicyArn=task) == (
        "ValidationError",
        "not-an-account is invalid",
    )
    code, _ = refused(
        sts.assume_root,
        TargetPrincipal=MEMBER,
        TaskPolicyArn={"arn": "arn:aws:iam::aws:policy/AdministratorAccess"},
    )
    assert code == "ValidationError"
    code, text = refused(sts.assume_root, TargetPrincipal=MEMBER, TaskPolicyArn=task, DurationSeconds=901)
    assert (code, "durationSeconds" in text) == ("ValidationError", True)


def test_root_may_not(aws: Any) -> None:
    """Botocore, AssumeRoot: `You cannot use root user credentials to make this call.`"""
    answer = refused(aws("sts").assume_root, TargetPrincipal=MEMBER, TaskPolicyArn={"arn": TASK})
    assert answer == ("AccessDenied", "Root sessions may not be assumed by root accounts.")
