"""GetAccessKeyInfo: the id itself tells the account."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from batchyard import ids
from services.sts.conftest import refused

Call = Callable[..., Any]


def test_whose_a_key_is(aws: Call, user: Call, as_: Call, account: str) -> None:
    made = user(None)
    given = as_(made).get_session_token()["Credentials"]
    sts = aws("sts")
    for access_key_id in (made["key"], given["AccessKeyId"]):
        assert re.fullmatch(r"A[KS]IA[A-Z2-7]{16}", access_key_id)
        assert sts.get_access_key_info(AccessKeyId=access_key_id)["Account"] == account


@pytest.mark.parametrize(
    "wrong", ["AKIAAAAAAAAAAAAAAAAA", "ABCDQAAAAAAAAAAAAAAA", "AKIA1111111111111111", "A" * 16]
)
def test_what_is_no_key_of_anybody(wrong: str, aws: Call) -> None:
    assert refused(aws("sts").get_access_key_info, AccessKeyId=wrong)[0] == "ValidationError"


@pytest.mark.parametrize("account", ["000000000000", "000000000001", "999999999999", "111122223333"])
def test_every_account_fits(account: str) -> None:
    made = {ids.access_key_id("AKIA", account) for _ in range(100)}
    assert len(made) == 100
    assert {ids.account_of_access_key(one) for one in made} == {account}


def test_awss_own_key_is_read_alike() -> None:
    """A key whose account its finder tells (Aidan Steele, "AWS access key ID formats": ASIAQNZGKIQY56JQ7WML)."""
    assert ids.account_of_access_key("ASIAQNZGKIQY56JQ7WML") == "029608264753"
