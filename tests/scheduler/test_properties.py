"""What holds of every plan, on snapshots that Hypothesis makes."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batchyard.scheduler import plan, reasons
from scheduler import invariants, make

MISCONFIGURED = (reasons.JOB_RESOURCE_REQUIREMENT, reasons.COMPUTE_ENVIRONMENT_MAX_RESOURCE)


@given(make.snapshots())
@settings(max_examples=300)
def test_invariants(snapshot):
    invariants.check(snapshot, plan(snapshot, make.NOW))


@pytest.mark.slow
@given(make.snapshots())
@settings(max_examples=5_000)
def test_invariants_at_length(snapshot):
    invariants.check(snapshot, plan(snapshot, make.NOW))


@given(make.snapshots(), st.randoms(use_true_random=False))
def test_the_plan_does_not_depend_on_the_order_of_what_is_read(snapshot, random):
    def shuffled(items):
        return tuple(random.sample(items, len(items)))

    def shuffled_jobs(jobs):
        """Jobs of one moment stay in their order: it is that of their submission."""
        of_moment: dict[Any, list[Any]] = {}
        for job in jobs:
            of_moment.setdefault(job.created_at, []).append(job)
        return tuple(of_moment[job.created_at].pop(0) for job in shuffled(jobs))

    other = replace(
        snapshot,
        queues=shuffled([replace(queue, jobs=shuffled_jobs(queue.jobs)) for queue in snapshot.queues]),
        compute_environments=shuffled(
            [replace(each, instances=shuffled(each.instances)) for each in snapshot.compute_environments]
        ),
    )
    one, two = plan(snapshot, make.NOW), plan(other, make.NOW)
    assert one.placements == two.placements
    assert sorted(one.waits) == sorted(two.waits)
    assert sorted(one.fails) == sorted(two.fails)
    assert {each.compute_environment_arn: each for each in one.capacity} == {
        each.compute_environment_arn: each for each in two.capacity
    }


@given(make.snapshots())
def test_a_front_that_can_never_run_says_so_and_no_other_does(snapshot):
    environments = {each.arn: each for each in snapshot.compute_environments}
    jobs = {job.job_id: (job, queue) for queue in snapshot.queues for job in queue.jobs}
    for wait in plan(snapshot, make.NOW).waits:
        if not wait.at_front:
            continue
        job, queue = jobs[wait.job_id]
        attached = [environments[arn] for arn in queue.compute_environments]
        if all(each.status == "INVALID" for each in attached):
            assert wait.reason == reasons.INVALID_COMPUTE_ENVIRONMENTS
        elif any(invariants.could_run_somewhere(job, each) for each in attached):
            assert wait.reason in (None, reasons.UNDETERMINED)
        else:
            assert wait.reason in MISCONFIGURED


@given(make.snapshots())
def test_queues_of_lower_priority_change_nothing_for_the_others(snapshot):
    top = max(queue.priority for queue in snapshot.queues)
    alone = replace(snapshot, queues=tuple(queue for queue in snapshot.queues if queue.priority == top))
    of_top = {job.job_id for queue in alone.queues for job in queue.jobs}
    together = [place for place in plan(snapshot, make.NOW).placements if place.job_id in of_top]
    assert together == list(plan(alone, make.NOW).placements)


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 6)), min_size=2, max_size=6),
    st.integers(0, 20),
)
def test_of_equal_jobs_none_of_lower_priority_runs_while_one_of_higher_waits(queues, max_vcpus):
    lines = [
        make.queue(
            *make.jobs(count, queue=f"q{number}", prefix=f"q{number}-", memory_mib=2048),
            arn=f"q{number}",
            priority=priority,
        )
        for number, (priority, count) in enumerate(queues)
    ]
    made = plan(make.snapshot(lines, make.fargate(max_vcpus=max_vcpus)), make.NOW)
    priorities = {job.job_id: line.priority for line in lines for job in line.jobs}
    lowest_placed = min((priorities[each.job_id] for each in made.placements), default=99)
    highest_waiting = max((priorities[each.job_id] for each in made.waits), default=-1)
    assert highest_waiting <= lowest_placed
    assert len(made.placements) == min(max_vcpus, len(priorities))


@given(make.snapshots())
def test_no_front_waits_beside_room_for_it(snapshot):
    """What a plan leaves free is too small for each front, looked at instance by instance."""
    made = plan(snapshot, make.NOW)
    after = _applied(snapshot, made)
    fronts = {wait.job_id for wait in made.waits if wait.at_front}
    for queue in after.queues:
        for job in queue.jobs:
            if job.job_id in fronts:
                assert not any(
                    invariants.has_room_now(job, each)
                    for each in after.compute_environments
                    if each.arn in queue.compute_environments
                )


@given(make.snapshots(("FARGATE",)), st.integers(1, 64))
def test_more_vcpus_on_fargate_never_place_fewer(snapshot, more):
    one_queue = replace(snapshot, queues=snapshot.queues[:1])
    larger = replace(
        one_queue,
        compute_environments=tuple(
            replace(each, max_vcpus=each.max_vcpus + more) for each in snapshot.compute_environments
        ),
    )
    assert _placed(one_queue) <= _placed(larger)


@given(make.snapshots(), make.some_environment("more"))
def test_one_more_environment_never_places_fewer(snapshot, another):
    queue = snapshot.queues[0]
    without = replace(snapshot, queues=(queue,))
    with_it = replace(
        without,
        queues=(replace(queue, compute_environments=(*queue.compute_environments, "more")),),
        compute_environments=(*snapshot.compute_environments, another),
    )
    assert _placed(without) <= _placed(with_it)


@given(make.some_instances("a"), make.some_instances("b"), st.data())
def test_more_instances_never_place_fewer_of_equal_jobs(some, more, data):
    """Equal jobs only: with mixed sizes, best fit may, rarely, pack worse where there is more."""
    model = data.draw(make.some_job("model", "q"))
    same = [replace(model, job_id=f"j{number}") for number in range(data.draw(st.integers(1, 40)))]
    queue = make.queue(*same)
    few = make.snapshot(queue, make.environment(*some))
    many = make.snapshot(queue, make.environment(*some, *more))
    assert _placed(few) <= _placed(many)


@given(make.snapshots(("EC2", "SPOT")))
def test_wishes_come_true_without_more_wishes(snapshot):
    """With what was wished for on its way, the same jobs wish for nothing further: no runaway launches."""
    made = plan(snapshot, make.NOW)
    coming = _with_launches(_applied(snapshot, made), made)
    again = plan(coming, make.NOW)
    assert all(not desire.launch for desire in again.capacity)


@given(make.snapshots(("EC2", "SPOT")))
def test_idle_instances_stay_until_the_delay_has_passed(snapshot):
    fresh = make.NOW - timedelta(seconds=1)
    just_idle = replace(
        snapshot,
        compute_environments=tuple(
            replace(
                each,
                scale_down_delay_seconds=60,
                instances=tuple(replace(i, idle_since=fresh) if i.idle_since else i for i in each.instances),
            )
            for each in snapshot.compute_environments
        ),
    )
    assert all(not desire.terminate for desire in plan(just_idle, make.NOW).capacity)


def _placed(snapshot):
    return {place.job_id for place in plan(snapshot, make.NOW).placements}


def _applied(snapshot, made):
    """The snapshot after the placements: jobs gone from their queues, room taken."""
    jobs = {job.job_id: job for queue in snapshot.queues for job in queue.jobs}
    placed = {place.job_id: place for place in made.placements}
    environments = []
    for each in snapshot.compute_environments:
        here = [jobs[p.job_id] for p in made.placements if p.compute_environment_arn == each.arn]
        instances = tuple(
            _loaded(instance, [jobs[p.job_id] for p in made.placements if _is_on(p, each, instance)])
            for instance in each.instances
        )
        used_vcpus = each.used_vcpus + (sum(job.vcpus for job in here) if each.is_fargate else 0)
        environments.append(replace(each, instances=instances, used_vcpus=used_vcpus))
    queues = tuple(
        replace(queue, jobs=tuple(job for job in queue.jobs if job.job_id not in placed))
        for queue in snapshot.queues
    )
    return replace(snapshot, queues=queues, compute_environments=tuple(environments))


def _is_on(place, environment, instance):
    return place.compute_environment_arn == environment.arn and place.instance_id == instance.instance_id


def _loaded(instance, jobs):
    return replace(
        instance,
        free_vcpus=instance.free_vcpus - sum(job.vcpus for job in jobs),
        free_memory_mib=instance.free_memory_mib - sum(job.memory_mib for job in jobs),
        free_gpus=instance.free_gpus - sum(job.gpus for job in jobs),
        idle_since=None if jobs else instance.idle_since,
    )


def _with_launches(snapshot, made):
    desires = {each.compute_environment_arn: each for each in made.capacity}
    environments = []
    for each in snapshot.compute_environments:
        desire = desires.get(each.arn)
        coming = ()
        if desire is not None:
            types = {kind.name: kind for kind in each.instance_types}
            coming = tuple(
                make.instance(f"new-{name}-{number}", types[name], state="PENDING")
                for name, count in desire.launch
                for number in range(count)
            )
            # What leaves is left in place: room under maxvCpus that is freed may rightly be wished for.
        environments.append(replace(each, instances=(*each.instances, *coming)))
    return replace(snapshot, compute_environments=tuple(environments))
