"""GetCallerIdentity and GetSessionToken: what needs no permission."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from conftest import client
from services.sts.conftest import allow, document, refused, trusting

Call = Callable[..., Any]


def identity(sts: Any) -> dict[str, str]:
    answer = sts.get_caller_identity()
    return {name: answer[name] for name in ("UserId", "Account", "Arn")}


def test_the_root_user(aws: Call, account: str) -> None:
    root = {"UserId": account, "Account": account, "Arn": f"arn:aws:iam::{account}:root"}
    assert identity(aws("sts")) == root
    assert identity(aws("sts", region="cn-north-1"))["Arn"] == f"arn:aws-cn:iam::{account}:root"
    assert identity(aws("sts", region="us-gov-west-1"))["Arn"] == f"arn:aws-us-gov:iam::{account}:root"


def test_an_explicit_deny_does_not_keep_anybody_from_asking(user: Call, as_: Call, account: str) -> None:
    deny = {"Effect": "Deny", "Action": "*", "Resource": "*"}
    made = user(document(deny))
    found = identity(as_(made))
    assert (found["Arn"], found["Account"]) == (made["arn"], account)
    assert re.fullmatch(r"AIDA[A-Z2-7]{17}", found["UserId"])


def test_the_development_credentials(endpoint: str) -> None:
    found = identity(client(endpoint, "sts", access_key="test"))
    assert found["Arn"] == "arn:aws:iam::000000000000:root"


def test_temporary_credentials_are_the_same_user(user: Call, as_: Call) -> None:
    made = user(document(allow("logs:DescribeLogGroups")))
    given = as_(made).get_session_token(DurationSeconds=900)["Credentials"]
    assert identity(as_(given)) == identity(as_(made))
    assert given["Expiration"] - datetime.now(UTC) <= timedelta(minutes=15)
    as_(given, "logs").describe_log_groups()
    assert refused(as_(given, "ecs").list_clusters)[0] == "AccessDeniedException"


def test_a_users_token_lasts_twelve_hours_and_roots_one(aws: Call, user: Call, as_: Call) -> None:
    now = datetime.now(UTC)
    of_user = as_(user(None)).get_session_token()["Credentials"]["Expiration"] - now
    assert timedelta(hours=11) < of_user <= timedelta(hours=12, seconds=2)
    of_root = aws("sts").get_session_token(DurationSeconds=7200)["Credentials"]["Expiration"] - now
    assert of_root <= timedelta(hours=1, seconds=2)


def test_a_session_gets_no_further_token(aws: Call, role: Call, user: Call, as_: Call, account: str) -> None:
    arn = role("acting", trusting({"AWS": account}), may=[allow("*")])["Arn"]
    made = user(document(allow("*")))
    of_role = as_(made).assume_role(RoleArn=arn, RoleSessionName="work")["Credentials"]
    of_user = as_(made).get_session_token()["Credentials"]
    for given in (of_role, of_user):
        assert refused(as_(given).get_session_token)[0] == "AccessDenied"
