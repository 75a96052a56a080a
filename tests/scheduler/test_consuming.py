"""Jobs that need consumable resources: they start only where all is left, and hold up who is behind."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchyard.scheduler import Place, SchedulingPolicy, Wait, plan, reasons
from scheduler import make

ONE = (("licence", 1),)


def test_as_many_start_as_there_is_left_and_the_next_holds_up_the_others():
    queue = make.queue(
        *make.jobs(3, consumes=ONE), *(make.job(f"plain{age}", age=-age, consumes=()) for age in (1, 2))
    )
    environment = make.environment(make.instance("i", make.FOUR_XLARGE))
    made = plan(make.snapshot(queue, environment, licence=2), make.NOW)
    assert [one.job_id for one in made.placements] == ["j000", "j001"]
    assert made.waits == (Wait("j002", None, at_front=True), Wait("plain1"), Wait("plain2"))


def test_all_that_a_job_needs_has_to_be_there():
    queue = make.queue(make.job("both", consumes=(("licence", 1), ("seat", 2))))
    environment = make.environment(make.instance("i"))
    for left in ({"licence": 1, "seat": 1}, {"licence": 0, "seat": 9}, {"licence": -1, "seat": 2}):
        assert plan(make.snapshot(queue, environment, **left), make.NOW).placements == ()
    made = plan(make.snapshot(queue, environment, licence=1, seat=2), make.NOW)
    assert made.placements == (Place("both", "ce", "i"),)


def test_more_than_there_is_has_no_cause_that_aws_names():
    queue = make.queue(make.job("greedy", consumes=(("licence", 10),)))
    made = plan(make.snapshot(queue, make.environment(make.instance("i")), licence=9), make.NOW)
    assert made.waits == (Wait("greedy", reasons.UNDETERMINED, at_front=True),)


@pytest.mark.parametrize("left", [0, 1, 2])
def test_no_instance_is_launched_for_a_job_that_waits_for_a_resource(left):
    queue = make.queue(*make.jobs(3, vcpus=4, consumes=ONE))
    made = plan(make.snapshot(queue, make.environment(types=(make.XLARGE,)), licence=left), make.NOW)
    assert [each.launch for each in made.capacity] == ([(("m5.xlarge", left),)] if left else [])


def test_queues_share_a_resource_by_their_priority():
    lines = (
        make.queue(make.job("low", queue="a", consumes=ONE), arn="a", priority=1),
        make.queue(make.job("high", queue="b", consumes=ONE), arn="b", priority=2),
    )
    made = plan(make.snapshot(lines, make.environment(make.instance("i")), licence=1), make.NOW)
    assert [one.job_id for one in made.placements] == ["high"]


def test_a_share_whose_turn_it_is_waits_too():
    jobs = [
        make.job(name, age=5, share_identifier=name, consumes=ONE if name == "a" else ()) for name in "ab"
    ]
    queue = make.queue(*jobs, scheduling_policy=SchedulingPolicy())
    made = plan(make.snapshot(queue, make.environment(make.instance("i")), licence=0), make.NOW)
    assert made.placements == ()
    assert made.waits[0] == Wait("a", None, at_front=True)


@given(
    st.lists(st.lists(st.integers(0, 3), min_size=2, max_size=2), max_size=12),
    st.integers(-1, 8),
    st.integers(0, 8),
)
def test_no_more_is_taken_than_is_left(needs, licences, seats):
    jobs = [
        make.job(
            f"j{number:02}",
            age=99 - number,
            consumes=tuple(pair for pair in zip(("licence", "seat"), each, strict=True) if pair[1]),
        )
        for number, each in enumerate(needs)
    ]
    environment = make.environment(*(make.instance(f"i{number}", make.FOUR_XLARGE) for number in range(2)))
    made = plan(make.snapshot(make.queue(*jobs), environment, licence=licences, seat=seats), make.NOW)
    placed = {one.job_id for one in made.placements}
    for name, left in (("licence", licences), ("seat", seats)):
        taken = sum(dict(job.consumes).get(name, 0) for job in jobs if job.job_id in placed)
        assert taken <= max(0, left)
    # First in, first out: those that started are the oldest.
    assert [job.job_id in placed for job in jobs] == sorted(
        (job.job_id in placed for job in jobs), reverse=True
    )
