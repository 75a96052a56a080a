"""What the gateway reads of IAM: cached, and never older than the last change."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from sqlalchemy import delete

from batchyard.config import Settings
from batchyard.data import managed_policies
from batchyard.data.managed_policies import ManagedPolicy
from batchyard.services.iam.tables import policies
from conftest import Serving
from services.iam.answers import allow, refused

NAME = "ReadOnlyAccess"


class Finder:
    """AWS's policies, one of which can be another for a while."""

    def __init__(self) -> None:
        self.instead: str | None = None

    def __call__(self, name_or_arn: str) -> ManagedPolicy | None:
        found = managed_policies.find(name_or_arn)
        if found is not None and found.name == NAME and self.instead is not None:
            return dataclasses.replace(found, document=self.instead)
        return found


@pytest.fixture
def finder() -> Finder:
    return Finder()


@pytest.fixture
def own_server(finder: Finder) -> Iterator[Serving]:
    one = Serving(Settings(ephemeral=True, port=0), find_managed_policy=finder)
    yield one
    one.close()


def _client(serving: Serving, key: str = "test", secret: str = "test") -> Any:
    return boto3.Session().client(
        "iam",
        endpoint_url=serving.endpoint,
        region_name="us-east-1",
        aws_access_key_id=key,
        aws_secret_access_key=secret,
    )


def test_a_changed_aws_policy_acts_at_once_and_heals(own_server: Serving, finder: Finder) -> None:
    """Issue 3, D.5: a statement that is taken away fails the next call, and one that is back allows it."""
    root = _client(own_server)
    root.create_user(UserName="u")
    root.attach_user_policy(UserName="u", PolicyArn=f"arn:aws:iam::aws:policy/{NAME}")
    key = root.create_access_key(UserName="u")["AccessKey"]
    own = _client(own_server, key["AccessKeyId"], key["SecretAccessKey"])
    own.list_users()
    finder.instead = allow("s3:*")
    assert refused(own.list_users)[0] == "AccessDenied"
    version = root.get_policy(PolicyArn=f"arn:aws:iam::aws:policy/{NAME}")["Policy"]["DefaultVersionId"]
    document = root.get_policy_version(PolicyArn=f"arn:aws:iam::aws:policy/{NAME}", VersionId=version)
    assert document["PolicyVersion"]["Document"]["Statement"][0]["Action"] == "s3:*"
    finder.instead = None
    own.list_users()


def test_a_boundary_whose_policy_is_gone_allows_nothing(iam: Any, app: Any, user: Any, signed: Any) -> None:
    """It cannot be deleted by the API; were it lost, the bounded must not be free."""
    arn = iam.create_policy(PolicyName="b", PolicyDocument=allow("*"))["Policy"]["Arn"]
    made = user(allow("*"), name="u")
    iam.put_user_permissions_boundary(UserName="u", PermissionsBoundary=arn)
    own = signed("iam", made["key"], made["secret"])
    own.list_users()
    account = arn.split(":")[4]
    app.store.write(lambda tx: tx.run(delete(policies).where(policies.c.account == account)))
    iam.tag_user(UserName="u", Tags=[{"Key": "any", "Value": "change"}])
    assert refused(own.list_users)[1].endswith(
        "because no permissions boundary allows the iam:ListUsers action"
    )


def test_a_reset_account_has_nothing_left(iam: Any, app: Any, user: Any, signed: Any, account: str) -> None:
    made = user(allow("*"), name="u")
    own = signed("iam", made["key"], made["secret"])
    own.list_users()
    app.reset(account)
    assert refused(own.list_users)[0] == "InvalidClientTokenId"
    assert iam.list_users()["Users"] == []
    again = user(allow("iam:ListRoles"), name="u")
    fresh = signed("iam", again["key"], again["secret"])
    fresh.list_roles()
    assert refused(fresh.list_users)[0] == "AccessDenied"
