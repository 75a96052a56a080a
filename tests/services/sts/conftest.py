"""What STS's tests share: roles with any trust, callers with any credentials."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from conftest import client


def document(*statements: Any) -> str:
    """A policy as text."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trusting(principal: Any, action: Any = "sts:AssumeRole", **more: Any) -> dict[str, Any]:
    """A trust policy's statement that allows."""
    return {"Effect": "Allow", "Principal": principal, "Action": action, **more}


def allow(action: Any, resource: Any = "*") -> dict[str, Any]:
    """An identity policy's statement that allows."""
    return {"Effect": "Allow", "Action": action, "Resource": resource}


@pytest.fixture
def role(aws: Any) -> Callable[..., Any]:
    """`role("name", trusting(…), may=[allow(…)])`: a role as CreateRole answers."""

    def make(name: str, *trust: Any, may: Any = (), **more: Any) -> Any:
        iam = aws("iam")
        made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(*trust), **more)["Role"]
        if may:
            iam.put_role_policy(RoleName=name, PolicyName="inline", PolicyDocument=document(*may))
        return made

    return make


@pytest.fixture
def as_(endpoint: str) -> Callable[..., Any]:
    """`as_(credentials)`, `as_(user, "logs")`: a client of a user, or with STS's credentials; sts by default."""

    def make(given: dict[str, Any], service: str = "sts") -> Any:
        return client(
            endpoint,
            service,
            access_key=given.get("AccessKeyId") or given["key"],
            secret=given.get("SecretAccessKey") or given["secret"],
            token=given.get("SessionToken"),
        )

    return make


def refused(call: Callable[..., Any], **request: Any) -> tuple[str, str]:
    """Code and message of the error that a call ends in."""
    with pytest.raises(ClientError) as caught:
        call(**request)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]
