"""What the IAM tests say often: documents, and the error that a call ends in."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

EC2_TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)


def allow(action: str | list[str], resource: str | list[str] = "*", **more: Any) -> str:
    """A policy that allows this, as text."""
    statement = {"Effect": "Allow", "Action": action, "Resource": resource, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def refused(call: Callable[..., Any], **request: Any) -> tuple[str, str, int]:
    """Code, message and HTTP status of the error that the call ends in; fails where it succeeds."""
    with pytest.raises(ClientError) as caught:
        call(**request)
    answer = caught.value.response
    return (
        answer["Error"]["Code"],
        answer["Error"]["Message"],
        answer["ResponseMetadata"]["HTTPStatusCode"],
    )


def without_metadata(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer without botocore's own addition."""
    return {key: value for key, value in answer.items() if key != "ResponseMetadata"}


class Owner:
    """A user, group or role that the tests put policies on."""

    def __init__(self, iam: Any, kind: str) -> None:
        self.kind = kind
        self.name = {f"{kind.capitalize()}Name": "owner"}
        self._iam = iam
        extra = {"AssumeRolePolicyDocument": EC2_TRUST} if kind == "role" else {}
        getattr(iam, f"create_{kind}")(**self.name, **extra)

    def __call__(self, operation: str) -> Any:
        """`owner("put_{}_policy")`: the client's method for this kind of owner."""
        return getattr(self._iam, operation.format(self.kind))
