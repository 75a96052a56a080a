"""Fair share: which share is next, and what is kept back."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchyard.scheduler import SchedulingPolicy, Share, plan
from batchyard.scheduler.shares import decayed, reserved_part, weight_factor
from scheduler import invariants, make

POLICY = SchedulingPolicy(share_decay_seconds=600)


def order(queue, max_vcpus=256):
    made = plan(make.snapshot(queue, make.fargate(max_vcpus=max_vcpus)), make.NOW)
    return [place.job_id for place in made.placements]


def share_jobs(share, count, **fields):
    fields = {"memory_mib": 2048, **fields}
    return make.jobs(count, prefix=share, share_identifier=share, **fields)


def test_shares_that_have_used_nothing_take_turns():
    queue = make.queue(*share_jobs("a", 3), *share_jobs("b", 3), scheduling_policy=POLICY)
    assert order(queue) == ["a000", "b000", "a001", "b001", "a002", "b002"]


def test_a_weight_of_an_eighth_gets_eight_times_as_much():
    policy = replace(POLICY, weights=(("b", 0.125),))
    queue = make.queue(*share_jobs("a", 90), *share_jobs("b", 90), scheduling_policy=policy)
    first = order(queue, max_vcpus=90)
    assert sum(job_id.startswith("b") for job_id in first) == pytest.approx(80, abs=1)


def test_what_was_used_and_what_runs_both_count():
    jobs = (*share_jobs("a", 1), *share_jobs("b", 1), *share_jobs("c", 1))
    past = Share(share_identifier="a", usage_vcpu_seconds=6000, usage_at=make.NOW)
    now = Share(share_identifier="b", usage_vcpu_seconds=0, usage_at=make.NOW, running_vcpus=1)
    queue = make.queue(*jobs, scheduling_policy=POLICY, shares=(past, now))
    assert order(queue) == ["c000", "b000", "a000"]
    long_ago = replace(past, usage_at=make.NOW - timedelta(hours=2))
    assert order(replace(queue, shares=(long_ago, now))) == ["c000", "a000", "b000"]


def test_within_a_share_priority_then_age():
    young, old, urgent = (
        make.job("young", age=1, memory_mib=2048, share_identifier="a"),
        make.job("old", age=9, memory_mib=2048, share_identifier="a"),
        make.job("urgent", age=0, memory_mib=2048, share_identifier="a", scheduling_priority=5),
    )
    assert order(make.queue(young, old, urgent, scheduling_policy=POLICY)) == ["urgent", "old", "young"]


def test_usage_fades():
    assert decayed(100, elapsed_seconds=0, share_decay_seconds=3600) == 100
    assert decayed(100, elapsed_seconds=1800, share_decay_seconds=3600) == pytest.approx(50)
    assert decayed(100, elapsed_seconds=600, share_decay_seconds=0) == pytest.approx(25)
    assert decayed(100, elapsed_seconds=-5, share_decay_seconds=0) == 100


def test_weights_by_name_then_by_prefix_then_one():
    policy = SchedulingPolicy(weights=(("team*", 0.5), ("teamA", 2.0)))
    assert [weight_factor(policy, share) for share in ("teamA", "teamB", "team", "x")] == [2.0, 0.5, 0.5, 1.0]


def test_the_reserved_part_is_as_documented():
    policy = SchedulingPolicy(compute_reservation=50)
    assert [reserved_part(policy, shares) for shares in (1, 2, 3)] == [0.5, 0.25, 0.125]
    assert reserved_part(SchedulingPolicy(), 1) == 0


def test_ninety_percent_reserved_of_ten_vcpus_leave_one():
    policy = SchedulingPolicy(compute_reservation=90)
    assert order(make.queue(*share_jobs("a", 3), scheduling_policy=policy), max_vcpus=10) == ["a000"]


@given(
    st.dictionaries(st.sampled_from("abcde"), st.integers(1, 6), min_size=1),
    st.integers(0, 99),
    st.integers(0, 24),
)
def test_no_job_is_forgotten_and_the_reserved_part_stays_free(counts, compute_reservation, max_vcpus):
    policy = SchedulingPolicy(compute_reservation=compute_reservation)
    jobs = [job for share, count in counts.items() for job in share_jobs(share, count)]
    snapshot = make.snapshot(make.queue(*jobs, scheduling_policy=policy), make.fargate(max_vcpus=max_vcpus))
    made = plan(snapshot, make.NOW)
    invariants.check(snapshot, made)
    allowed = int(max_vcpus * (1 - (compute_reservation / 100) ** len(counts)) + 1e-6)
    assert len(made.placements) == min(allowed, len(jobs))


@given(st.lists(st.floats(0.01, 100), min_size=2, max_size=4), st.integers(40, 120))
def test_shares_get_room_in_inverse_proportion_to_their_weights(weights, max_vcpus):
    names = "abcd"[: len(weights)]
    policy = replace(POLICY, weights=tuple(zip(names, weights, strict=True)))
    jobs = [job for share in names for job in share_jobs(share, 120)]
    placed = order(make.queue(*jobs, scheduling_policy=policy), max_vcpus)
    got = {share: sum(job_id.startswith(share) for job_id in placed) for share in names}
    # Nobody is more than one job ahead: a share's last job was given when its usage was the lowest.
    for share, weight in zip(names, weights, strict=True):
        for other, its_weight in zip(names, weights, strict=True):
            if got[share] and got[other] < 120:
                assert (got[share] - 1) * weight <= got[other] * its_weight * (1 + 1e-9)
