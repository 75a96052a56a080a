"""Multi-node parallel jobs in a plan: all nodes or none, and none that holds up others for ever."""

from collections import Counter
from dataclasses import replace

from hypothesis import given, settings

from batchyard.scheduler import Desire, Place, Wait, plan, reasons
from scheduler import invariants, make


def planned(queues, environments):
    snapshot = make.snapshot(queues, environments)
    made = plan(snapshot, make.NOW)
    invariants.check(snapshot, made)
    return made


@given(make.with_gangs())
@settings(max_examples=200)
def test_invariants(snapshot):
    invariants.check(snapshot, plan(snapshot, make.NOW))


def test_all_nodes_are_placed_or_none_takes_room():
    instances = [make.instance("i-1"), make.instance("i-2", used_vcpus=2)]
    jobs = (make.gang("gang", 4, 2, age=2), make.job("after", age=1, vcpus=2))
    made = planned(make.queue(*jobs), make.environment(*instances, max_vcpus=8))
    assert made.placements == (Place("gang", "ce", None, ("i-1", "i-2")),)
    assert made.waits == (Wait("after", None, at_front=True),)
    larger = (make.gang("gang", 4, 4, age=2), make.job("after", age=1, queue="other", vcpus=2))
    queues = (make.queue(larger[0]), make.queue(larger[1], arn="other"))
    made = planned(queues, make.environment(*instances, max_vcpus=8))
    # What the first node could have had is free for the other queue.
    assert made.placements == (Place("after", "ce", "i-2"),)


def test_nodes_find_their_room_whatever_their_order():
    instances = [make.instance("i-1"), make.instance("i-2", used_vcpus=3)]
    made = planned(make.queue(make.gang("gang", 1, 4)), make.environment(*instances))
    assert made.placements == (Place("gang", "ce", None, ("i-2", "i-1")),)


def test_an_environment_grows_for_all_nodes_or_for_none():
    made = planned(make.queue(make.gang("gang", 2, 2, 2)), make.environment(make.instance("i-1")))
    [desire] = made.capacity
    assert desire == Desire(compute_environment_arn="ce", desired_vcpus=6, launch=(("m5.large", 1),))
    assert made.waits == (Wait("gang", None, at_front=True),)
    made = planned(make.queue(make.gang("gang", 4, 4, 4)), make.environment(max_vcpus=8))
    assert made.capacity == ()
    assert made.waits == (Wait("gang", reasons.COMPUTE_ENVIRONMENT_MAX_RESOURCE, at_front=True),)


def test_why_nodes_can_never_run():
    cases = [
        (make.environment(types=(make.LARGE,)), make.gang("g", 1, 4), reasons.JOB_RESOURCE_REQUIREMENT),
        # Two nodes of 3 vCPUs need two instances of 4.
        (make.environment(max_vcpus=6, types=(make.XLARGE,)), make.gang("g", 3, 3), None),
        (make.fargate(), make.gang("g", (1, 2048), (1, 2048)), reasons.UNDETERMINED),
        (make.environment(type="SPOT"), make.gang("g", 1, 1), reasons.UNDETERMINED),
        (make.environment(make.instance("i"), type="UNMANAGED"), make.gang("g", 1, 1), reasons.UNDETERMINED),
    ]
    for environment, gang, reason in cases:
        [wait] = planned(make.queue(gang), environment).waits
        assert wait == Wait("g", reason or reasons.COMPUTE_ENVIRONMENT_MAX_RESOURCE, at_front=True)


def test_more_nodes_than_the_engine_runs_at_once_hold_up_nobody():
    environment = make.environment(make.instance("i-1"), most_nodes=2)
    jobs = (make.gang("gang", 1, 1, 1, age=3), make.gang("pair", 1, 1, age=2), make.job("single", age=1))
    made = planned(make.queue(*jobs), environment)
    assert [place.job_id for place in made.placements] == ["pair", "single"]
    assert made.waits == (Wait("gang", reasons.ENGINE_NODES.format(most=2)),)
    # A larger engine behind the same queue takes it.
    other = make.environment(make.instance("i-2"), arn="other", most_nodes=3)
    made = planned(make.queue(*jobs, environments=("ce", "other")), (environment, other))
    assert made.placements[0] == Place("gang", "other", None, ("i-2", "i-2", "i-2"))


@given(make.with_gangs())
@settings(max_examples=100)
def test_placing_what_was_planned_leaves_nothing_that_could_be_placed_at_the_front(snapshot):
    """A front that waits waits for room: on empty instances for all of them every gang is placed."""
    roomy = [
        replace(
            one,
            instances=tuple(
                make.instance(f"{one.arn}-{n}", make.FOUR_XLARGE)
                for n in range(sum(len(job.nodes) or 1 for queue in snapshot.queues for job in queue.jobs))
            ),
            status="VALID",
            state="ENABLED",
        )
        for one in snapshot.compute_environments
        if one.type == "EC2"
    ]
    gangs = [
        replace(queue, jobs=tuple(job for job in queue.jobs if job.nodes), status="VALID")
        for queue in snapshot.queues
    ]
    made = plan(make.snapshot(gangs, roomy), make.NOW)
    arns = {one.arn for one in roomy}
    for wait in made.waits:
        queue = next(one for one in gangs if wait.job_id in {job.job_id for job in one.jobs})
        assert not arns & set(queue.compute_environments) or "ENGINE_NODES" in (wait.reason or "")
    placed = Counter(place.job_id for place in made.placements)
    assert set(placed.values()) <= {1}
