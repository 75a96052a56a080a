"""The queue of due keys, by itself: an order by moment, and never two of one grouping at a time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from batchyard.framework.due_keys import DueKeys
from batchyard.framework.work import Key


def key(name: str, grouping: str = "") -> Key:
    return Key("yard", "1", "aws", "us-east-1", name, grouping)


def one(_: Key) -> int:
    return 1


def many(_: Key) -> int:
    return 100


def test_a_key_stands_once_at_its_earliest_moment() -> None:
    due = DueKeys()
    for at in (5.0, 3.0, 4.0):
        due.push(key("a"), at)
    assert due.take(2.9, one) == []
    assert due.seconds_to_next(2.0) == 1.0
    assert due.take(3.0, one) == [key("a")]
    due.give_back([key("a")])
    assert due.take(9.0, one) == []
    assert due.seconds_to_next(9.0) is None


def test_a_grouping_is_taken_together_and_by_nobody_else_meanwhile() -> None:
    due = DueKeys()
    for name in ("a", "b"):
        due.push(key(name, "cluster"), 1.0)
    due.push(key("c", "other"), 1.0)
    assert due.take(1.0, many) == [key("a"), key("b")]
    due.push(key("d", "cluster"), 1.0)
    assert due.take(1.0, many) == [key("c")]
    assert due.take(1.0, many) == []
    assert (due.in_flight, due.has_due(1.0)) == (3, True)
    due.give_back([key("a"), key("b")])
    assert due.take(1.0, many) == [key("d")]


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from(["", "x", "y"]), st.floats(0, 10))))
def test_everything_is_taken_once_in_the_end(pushed: list[tuple[str, str, float]]) -> None:
    due = DueKeys()
    wanted: dict[Key, float] = {}
    for name, grouping, at in pushed:
        due.push(key(name, grouping), at)
        wanted[key(name, grouping)] = min(at, wanted.get(key(name, grouping), at))
    taken: list[Key] = []
    while keys := due.take(10.0, many):
        assert due.in_flight == len(keys)
        taken += keys
        due.give_back(keys)
    assert sorted(taken, key=lambda one: one.name) == sorted(wanted, key=lambda one: one.name)
    assert not due.has_due(10.0)
