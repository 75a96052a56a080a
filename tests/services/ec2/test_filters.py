"""Filters: wildcards, escapes, and all of them at once."""

from __future__ import annotations

import fnmatch
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchyard.framework.effort import Effort
from batchyard.framework.errors import ApiError
from batchyard.services.ec2.filters import exact_values, predicate

PLAIN = st.text(alphabet="ab*?\\[]-", max_size=6)
ITEM = {"Name": "batch-1", "State": {"Name": "running"}, "Open": True, "Tags": [{"Key": "a", "Value": "1"}]}
ATTRIBUTES = {"name": "Name", "state": "State.Name", "open": "Open"}


def _ctx() -> Any:
    """What a filter asks of a call: what it has counted."""
    return SimpleNamespace(effort=Effort(bounded=True, may_wait=False))


def matches(name: str, *values: str) -> bool:
    return predicate(_ctx(), [{"Name": name, "Values": list(values)}], ATTRIBUTES)(ITEM)


@given(PLAIN)
def test_an_escaped_value_finds_itself_alone(text: str) -> None:
    escaped = "".join("\\" + letter if letter in "*?\\" else letter for letter in text)
    find = predicate(_ctx(), [{"Name": "name", "Values": [escaped]}], ATTRIBUTES)
    assert find({"Name": text})
    assert not find({"Name": text + "x"})


@given(st.text(alphabet="ab*?", max_size=6), st.text(alphabet="ab", max_size=6))
def test_wildcards_are_the_shells(pattern: str, text: str) -> None:
    find = predicate(_ctx(), [{"Name": "name", "Values": [pattern]}], ATTRIBUTES)
    assert find({"Name": text}) == fnmatch.fnmatchcase(text, pattern)


def test_values_are_alternatives_and_filters_add_up() -> None:
    assert matches("name", "x", "batch-?")
    assert matches("state", "running")
    assert matches("open", "true")
    assert not matches("open", "True")
    assert matches("tag:a", "1")
    assert not matches("tag:b", "*")
    assert matches("tag-key", "a")
    both = [{"Name": "name", "Values": ["batch-1"]}, {"Name": "state", "Values": ["stopped"]}]
    assert not predicate(_ctx(), both, ATTRIBUTES)(ITEM)


def test_values_with_wildcards_are_not_exact() -> None:
    assert exact_values([{"Name": "name", "Values": ["a", "b"]}], "name") == ["a", "b"]
    assert exact_values([{"Name": "name", "Values": ["a*"]}], "name") is None
    assert exact_values([], "name") is None


def test_wildcards_take_no_longer_than_the_text_is_long() -> None:
    """A pattern like this once took longer than the universe is old, and the whole server with it."""
    find = predicate(_ctx(), [{"Name": "name", "Values": ["*a" * 60 + "b"]}], ATTRIBUTES)
    assert not find({"Name": "a" * 256})


def test_a_call_has_200_values_at_most() -> None:
    """`FilterLimitExceeded`, of all filters together (EC2 API reference)."""
    names = [{"Name": "name", "Values": [f"n{number}" for number in range(100)]} for _ in range(2)]
    assert not predicate(_ctx(), names, ATTRIBUTES)(ITEM)
    with pytest.raises(ApiError) as refused:
        predicate(_ctx(), [*names, {"Name": "state", "Values": ["x"]}], ATTRIBUTES)
    assert refused.value.code == "FilterLimitExceeded"
    assert refused.value.message == "The maximum number of filter values specified on a single call is 200"
