"""What dependencies allow, and array jobs' statuses."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchyard.scheduler.arrays import (
    STATUSES,
    ParentStatus,
    child_id,
    children,
    parent_status,
    split_child_id,
    status_summary,
)
from batchyard.scheduler.dependencies import Readiness, awaited_index, awaiting_index, readiness

UNENDED = STATUSES[:5]


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ([], Readiness.RUN),
        (["SUCCEEDED", "SUCCEEDED"], Readiness.RUN),
        (["SUCCEEDED", "RUNNING"], Readiness.WAIT),
        (["SUBMITTED"], Readiness.WAIT),
        (["FAILED", "RUNNING"], Readiness.FAIL),
        (["SUCCEEDED", "FAILED"], Readiness.FAIL),
    ],
)
def test_readiness(statuses, expected):
    assert readiness(statuses) is expected


def test_n_to_n_goes_child_by_child():
    assert [awaited_index("N_TO_N", index=index) for index in range(3)] == [0, 1, 2]
    assert [awaiting_index("N_TO_N", index=index, size=3) for index in range(3)] == [0, 1, 2]


def test_sequential_waits_for_the_one_before():
    assert [awaited_index("SEQUENTIAL", index=index) for index in range(3)] == [None, 0, 1]
    assert [awaiting_index("SEQUENTIAL", index=index, size=3) for index in range(3)] == [1, 2, None]


@given(st.sampled_from(("N_TO_N", "SEQUENTIAL")), st.integers(2, 10_000), st.data())
def test_who_waits_and_who_is_waited_for_agree(dependency_type, size, data):
    index = data.draw(st.integers(0, size - 1))
    follower = awaiting_index(dependency_type, index=index, size=size)
    assert follower is None or awaited_index(dependency_type, index=follower) == index


def test_children_have_their_parents_id_and_an_index():
    assert list(children("1f0c", 3)) == [("1f0c:0", 0), ("1f0c:1", 1), ("1f0c:2", 2)]
    assert split_child_id(child_id("1f0c", 12)) == ("1f0c", 12)


@pytest.mark.parametrize("job_id", ["1f0c", "1f0c#1", "1f0c:", ":1", "1f0c:x", "1f0c:-1", "1f0c:²"])
def test_other_ids_are_not_childrens(job_id):
    assert split_child_id(job_id) is None


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({"SUBMITTED": 4}, ParentStatus("SUBMITTED")),
        ({"SUBMITTED": 3, "RUNNABLE": 1}, ParentStatus("PENDING")),
        ({"PENDING": 4}, ParentStatus("PENDING")),
        ({"RUNNING": 1, "SUCCEEDED": 3}, ParentStatus("PENDING")),
        ({"RUNNING": 1, "FAILED": 3}, ParentStatus("PENDING")),
        ({"SUCCEEDED": 4}, ParentStatus("SUCCEEDED")),
        ({"SUCCEEDED": 3, "FAILED": 1}, ParentStatus("FAILED", "Array Child Job failed")),
        ({"FAILED": 4}, ParentStatus("FAILED", "Array Child Job failed")),
    ],
)
def test_parent_status(counts, expected):
    assert parent_status(counts) == expected


@given(st.lists(st.sampled_from(STATUSES), min_size=2, max_size=20))
def test_a_parent_ends_exactly_when_all_its_children_have(statuses):
    shown = parent_status(Counter(statuses)).status
    assert shown in ("SUBMITTED", "PENDING", "SUCCEEDED", "FAILED")
    assert (shown in ("SUCCEEDED", "FAILED")) is not any(each in UNENDED for each in statuses)


def test_the_summary_names_every_status():
    assert status_summary({"RUNNING": 2}) == {**dict.fromkeys(STATUSES, 0), "RUNNING": 2}
    with pytest.raises(ValueError, match="QUEUED"):
        status_summary({"QUEUED": 1})
