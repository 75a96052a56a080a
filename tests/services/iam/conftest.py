"""The IAM tests' clients: as root, as somebody with keys, as a role's session."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.config import Config

ONCE = Config(retries={"total_max_attempts": 1}, max_pool_connections=64)


@pytest.fixture
def iam(aws: Any) -> Any:
    """IAM as root of this test's account."""
    return aws("iam")


@pytest.fixture
def signed(endpoint: str) -> Callable[..., Any]:
    """`signed("iam", key, secret, token)`: a client with these credentials."""

    def make(service: str, key: str, secret: str, token: str | None = None) -> Any:
        # boto3's types know services by literal names alone.
        session: Any = boto3.Session()
        return session.client(
            service,
            endpoint_url=endpoint,
            region_name="us-east-1",
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            aws_session_token=token,
            config=ONCE,
        )

    return make


@pytest.fixture
def assumed(iam: Any, user: Any, signed: Any, account: str) -> Callable[..., Any]:
    """`assumed("iam", policy)`: a client as a session of a fresh role with that inline policy."""

    def make(service: str, policy: str, *, role: str = "acting") -> Any:
        statement = {"Effect": "Allow", "Principal": {"AWS": account}, "Action": "sts:AssumeRole"}
        trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        arn = iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        iam.put_role_policy(RoleName=role, PolicyName="inline", PolicyDocument=policy)
        may = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": arn}
        made = user({"Version": "2012-10-17", "Statement": [may]})
        sts = signed("sts", made["key"], made["secret"])
        given = sts.assume_role(RoleArn=arn, RoleSessionName="session")["Credentials"]
        return signed(service, given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])

    return make
