"""Names, by properties: case, path and pages, over every name that the model allows."""

from __future__ import annotations

import itertools
import string
from typing import Any

from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.iam.answers import refused

_counter = itertools.count()

NAMES = st.text(string.ascii_letters + string.digits + "_+=,.@-", min_size=1, max_size=64)
PATHS = st.lists(st.text(string.ascii_letters + string.digits, min_size=1, max_size=6), max_size=3).map(
    lambda parts: "/" + "".join(f"{part}/" for part in parts)
)
FEW = settings(
    max_examples=15,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@FEW
@given(name=NAMES, path=PATHS)
def test_what_was_made_is_found_again_by_its_name(iam: Any, account: str, name: str, path: str) -> None:
    made = iam.create_user(UserName=name, Path=path)["User"]
    try:
        assert made["Arn"] == f"arn:aws:iam::{account}:user{path}{name}"
        assert iam.get_user(UserName=name)["User"] == made
        assert [one["UserName"] for one in iam.list_users(PathPrefix=path)["Users"]] == [name]
        assert refused(iam.create_user, UserName=name.swapcase())[0] == "EntityAlreadyExists"
    finally:
        iam.delete_user(UserName=name)


@FEW
@given(names=st.lists(NAMES, min_size=1, max_size=8), size=st.integers(1, 4))
def test_pages_show_each_once_in_order(iam: Any, names: list[str], size: int) -> None:
    group = f"/run{next(_counter)}/"
    made: dict[str, str] = {}
    for name in names:
        try:
            iam.create_group(GroupName=name, Path=group)
        except ClientError:
            assert name.lower() in made
        else:
            made[name.lower()] = name
    pages = iam.get_paginator("list_groups").paginate(PathPrefix=group, PaginationConfig={"PageSize": size})
    shown = [[one["GroupName"] for one in page["Groups"]] for page in pages]
    assert list(itertools.chain(*shown)) == [made[key] for key in sorted(made)]
    assert all(len(page) == size for page in shown[:-1])
    for name in made.values():
        iam.delete_group(GroupName=name)
