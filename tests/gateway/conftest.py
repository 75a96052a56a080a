"""What the gateway's tests share: roles, and clients with whatever credentials."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from conftest import client
from gateway.raw_requests import allow, policy

SignIn = Callable[..., Any]


@pytest.fixture
def sign_in(endpoint: str) -> SignIn:
    """`sign_in("batch", credentials)`: a client with STS's credentials, or with a fresh user's key."""

    def make(service: str, given: dict[str, Any], *, region: str = "us-east-1") -> Any:
        return client(
            endpoint,
            service,
            access_key=given.get("AccessKeyId") or given["key"],
            secret=given.get("SecretAccessKey") or given["secret"],
            token=given.get("SessionToken"),
            region=region,
        )

    return make


@pytest.fixture
def role(aws: Any, account: str) -> Callable[..., str]:
    """`role("name", policy)`: the ARN of a role that the account trusts, with that inline policy (or none)."""

    def make(name: str, document: str | None = None, *, trust: Any = None, **more: Any) -> str:
        statement = {"Effect": "Allow", "Principal": {"AWS": account}, "Action": "sts:AssumeRole"}
        arn: str = aws("iam").create_role(
            RoleName=name, AssumeRolePolicyDocument=policy(*(trust or [statement])), **more
        )["Role"]["Arn"]
        if document is not None:
            aws("iam").put_role_policy(RoleName=name, PolicyName="inline", PolicyDocument=document)
        return arn

    return make


@pytest.fixture
def session_of(aws: Any, user: Callable[..., Any], sign_in: SignIn) -> Callable[..., dict[str, Any]]:
    """`session_of(role_arn, Policy=…)`: credentials of a role's session, assumed by a user who may."""
    assumer: dict[str, Any] = {}

    def make(role_arn: str, *, name: str = "work", **more: Any) -> dict[str, Any]:
        if not assumer:
            may = {"Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"], "Resource": "*"}
            assumer.update(user(policy(may)))
        answer = sign_in("sts", assumer).assume_role(RoleArn=role_arn, RoleSessionName=name, **more)
        given: dict[str, Any] = answer["Credentials"]
        return given

    return make


@pytest.fixture
def asked(user: Callable[..., Any], endpoint: str) -> Callable[..., Any]:
    """`asked("batch", "batch:SubmitJob", operator, key, value)`: a client of a user allowed under that condition."""

    def make(
        service: str,
        actions: str | list[str],
        operator: str,
        key: str,
        value: Any,
        *,
        region: str = "us-east-1",
    ) -> Any:
        actions = [actions] if isinstance(actions, str) else actions
        conditional = allow(*actions[:1], Condition={operator: {key: value}})
        made = user(policy(conditional, *(allow(one) for one in actions[1:])))
        return client(endpoint, service, access_key=made["key"], secret=made["secret"], region=region)

    return make
