"""A hundred threads create, attach and delete the same names: the audit's order explains every answer and the end."""

from __future__ import annotations

import itertools
import json
import random
import threading
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from sqlalchemy import select

from batchyard.app import App
from batchyard.audit.tables import events

THREADS, CALLS = 100, 6
DOCUMENT = json.dumps(
    {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "logs:*", "Resource": "*"}}
)
MISSING, TAKEN, IN_USE = "NoSuchEntity", "EntityAlreadyExists", "DeleteConflict"


class Expected:
    """IAM as far as the calls below go, one after another: what each must answer."""

    def __init__(self) -> None:
        self.users: set[str] = set()
        self.policies: set[str] = set()
        self.attached: set[tuple[str, str]] = set()

    def answer(self, name: str, user: str | None, policy: str | None) -> str | None:
        """The error's code, or None for success."""
        code = getattr(self, name)(user, policy)
        return None if code is None else str(code)

    def CreateUser(self, user: str, policy: None) -> str | None:
        if user in self.users:
            return TAKEN
        self.users.add(user)
        return None

    def DeleteUser(self, user: str, policy: None) -> str | None:
        if user not in self.users:
            return MISSING
        if any(one == user for one, _ in self.attached):
            return IN_USE
        self.users.remove(user)
        return None

    def CreatePolicy(self, user: None, policy: str) -> str | None:
        if policy in self.policies:
            return TAKEN
        self.policies.add(policy)
        return None

    def DeletePolicy(self, user: None, policy: str) -> str | None:
        if policy not in self.policies:
            return MISSING
        if any(one == policy for _, one in self.attached):
            return IN_USE
        self.policies.remove(policy)
        return None

    def AttachUserPolicy(self, user: str, policy: str) -> str | None:
        if user not in self.users or policy not in self.policies:
            return MISSING
        self.attached.add((user, policy))
        return None

    def DetachUserPolicy(self, user: str, policy: str) -> str | None:
        if (user, policy) not in self.attached:
            return MISSING
        self.attached.remove((user, policy))
        return None


def _requests(account: str) -> list[tuple[str, dict[str, str]]]:
    """Every call on two users and two policies."""
    users, policies = ("ada", "bob"), ("read", "write")
    arns = [f"arn:aws:iam::{account}:policy/{name}" for name in policies]
    found: list[tuple[str, dict[str, str]]] = []
    for user in users:
        found += [("create_user", {"UserName": user}), ("delete_user", {"UserName": user})]
    for name, arn in zip(policies, arns, strict=True):
        found += [
            ("create_policy", {"PolicyName": name, "PolicyDocument": DOCUMENT}),
            ("delete_policy", {"PolicyArn": arn}),
        ]
    for user, arn in itertools.product(users, arns):
        for way in ("attach_user_policy", "detach_user_policy"):
            found.append((way, {"UserName": user, "PolicyArn": arn}))
    return found


def test_some_order_explains_every_answer(app: App, endpoint: str, account: str) -> None:
    iam = boto3.Session().client(
        "iam",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=account,
        aws_secret_access_key="test",
        config=Config(max_pool_connections=THREADS, retries={"total_max_attempts": 1}, read_timeout=60),
    )
    requests = _requests(account)
    statuses: list[int] = []
    together = threading.Barrier(THREADS)

    def work(seed: int) -> None:
        chosen = random.Random(seed).choices(requests, k=CALLS)
        together.wait(60)
        for name, request in chosen:
            try:
                answer = getattr(iam, name)(**request)
            except ClientError as error:
                answer = error.response
            statuses.append(answer["ResponseMetadata"]["HTTPStatusCode"])

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(THREADS)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(100)
    assert len(statuses) == THREADS * CALLS
    assert [status for status in statuses if status >= 500] == []
    _explain(app, iam, account)


def _explain(app: App, iam: Any, account: str) -> None:
    """Play the calls in the order in which the audit has them, one after another."""
    of_account = select(events).where(events.c.account == account).order_by(events.c.sequence)
    with app.store.read() as tx:
        rows = tx.all(of_account)
    assert len(rows) == THREADS * CALLS
    expected = Expected()
    for row in rows:
        request = row.request
        policy = request.get("PolicyName") or request.get("PolicyArn", "").rpartition("/")[2] or None
        assert row.error_code == expected.answer(row.name, request.get("UserName"), policy), row
    assert {user["UserName"] for user in iam.list_users()["Users"]} == expected.users
    assert {one["PolicyName"] for one in iam.list_policies(Scope="Local")["Policies"]} == expected.policies
    attached = {
        (user, one["PolicyName"])
        for user in expected.users
        for one in iam.list_attached_user_policies(UserName=user)["AttachedPolicies"]
    }
    assert attached == expected.attached
    codes = {row.error_code for row in rows}
    assert {None, MISSING, TAKEN} <= codes
