"""AssumeRoot: refused for everybody, as no account is in an organization.

Recorded means: radkawar/stackd, testdata/aws/iam, answers of AWS in September 2026.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from services.sts.conftest import allow, document, refused

Call = Callable[..., Any]
TASK = "arn:aws:iam::aws:policy/root-task/S3UnlockBucketPolicy"
MEMBER = "111122223333"


@pytest.mark.parametrize("target", [MEMBER, f"arn:aws:iam::{MEMBER}:root"])
def test_permission_and_organization_are_refused_alike(user: Call, as_: Call, target: str) -> None:
    """Recorded: root_access.json, assume_root_observer_denied and assume_root_management_id."""
    resource = f"arn:aws:iam::{MEMBER}:root"
    allowed = {**allow("sts:AssumeRoot", resource), "Condition": {"ArnEquals": {"sts:TaskPolicyArn": TASK}}}
    for made in (user(None), user(document(allowed))):
        answer = refused(as_(made).assume_root, TargetPrincipal=target, TaskPolicyArn={"arn": TASK})
        text = f"User: {made['arn']} is not authorized to perform: sts:AssumeRoot on resource: {resource}"
        assert answer == ("AccessDenied", text)


@pytest.mark.parametrize(
    ("request_", "text"),
    [
        (
            {"TargetPrincipal": f"arn:aws:iam::{MEMBER}:user/u"},
            "Request must contain a valid target principal",
        ),
        (
            {"TaskPolicyArn": {"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}},
            "Request must contain valid AWS managed task policy ARN",
        ),
        (
            {"TaskPolicyArn": {}},
            "1 validation error detected: Value null at 'taskPolicyArn' failed to satisfy constraint: Member must"
            " not be null",
        ),
        (
            {"DurationSeconds": 901},
            "1 validation error detected: Value '901' at 'durationSeconds' failed to satisfy constraint: Member"
            " must have value less than or equal to 900",
        ),
    ],
)
def test_what_is_malformed(user: Call, as_: Call, request_: Any, text: str) -> None:
    """Recorded: root_access.json, each."""
    sts = as_(user(document(allow("sts:AssumeRoot"))))
    whole = {"TargetPrincipal": MEMBER, "TaskPolicyArn": {"arn": TASK}, **request_}
    assert refused(sts.assume_root, **whole) == ("ValidationError", text)
