"""Small plans, each to the letter."""

from datetime import timedelta

import pytest

from batchyard.scheduler import Desire, Fail, InstanceType, Place, Plan, Wait, plan, reasons
from scheduler import make
from scheduler.measure import large, milliseconds


def capacity(queue, environment):
    return plan(make.snapshot(queue, environment), make.NOW).capacity


def idle(seconds):
    return {"idle_since": make.NOW - timedelta(seconds=seconds)}


def test_nothing_to_do():
    assert plan(make.snapshot((), ()), make.NOW) == Plan(placements=(), waits=(), fails=(), capacity=())


def test_each_job_is_placed_or_waits_and_the_front_is_marked():
    queue = make.queue(*make.jobs(4, vcpus=2))
    environment = make.environment(make.instance("i-1"), max_vcpus=4)
    assert plan(make.snapshot(queue, environment), make.NOW) == Plan(
        placements=(Place("j000", "ce", "i-1"), Place("j001", "ce", "i-1")),
        waits=(Wait("j002", None, at_front=True), Wait("j003")),
        fails=(),
        capacity=(),
    )


def test_a_small_job_does_not_pass_a_large_one():
    queue = make.queue(make.job("large", age=2, vcpus=4), make.job("small", age=1))
    made = plan(make.snapshot(queue, make.environment(make.instance("i-1", used_vcpus=1))), make.NOW)
    assert made.placements == ()
    assert made.waits == (Wait("large", None, at_front=True), Wait("small"))


def test_of_equal_age_the_first_submitted_is_first():
    """A snapshot has its jobs in the order of submission."""
    queue = make.queue(make.job("b"), make.job("a"), make.job("c"))
    made = plan(make.snapshot(queue, make.environment(make.instance("i-1", used_vcpus=2))), make.NOW)
    assert [each.job_id for each in made.placements] == ["b", "a"]


def test_queues_of_equal_priority_take_turns_by_age():
    lines = (
        make.queue(*(make.job(f"a{n}", queue="a", age=n) for n in (5, 3, 1)), arn="a"),
        make.queue(*(make.job(f"b{n}", queue="b", age=n) for n in (6, 4, 2)), arn="b"),
    )
    made = plan(make.snapshot(lines, make.environment(make.instance("i-1"))), make.NOW)
    assert [each.job_id for each in made.placements] == ["b6", "a5", "b4", "a3"]


def test_jobs_of_a_queue_that_is_deleted_fail():
    lines = (
        make.queue(make.job("gone", queue="a"), arn="a", status="DELETING"),
        make.queue(make.job("kept", queue="b"), arn="b"),
    )
    made = plan(make.snapshot(lines, make.environment(make.instance("i-1"))), make.NOW)
    assert made.fails == (Fail("gone", "JobQueue deleted"),)
    assert made.placements == (Place("kept", "ce", "i-1"),)


@pytest.mark.parametrize(
    "fields", [{"state": "DISABLED"}, {"status": "INVALID"}, {"status": "CREATING"}, {"status": "DELETING"}]
)
def test_an_environment_that_does_not_accept_jobs_gets_none_and_does_not_grow(fields):
    environment = make.environment(make.instance("i-1"), **fields)
    made = plan(make.snapshot(make.queue(*make.jobs(9)), environment), make.NOW)
    assert made.placements == ()
    assert made.capacity == ()
    assert len(made.waits) == 9


def test_an_environment_in_the_middle_of_an_update_goes_on():
    environment = make.environment(make.instance("i-1"), status="UPDATING")
    assert plan(make.snapshot(make.queue(make.job("j")), environment), make.NOW).placements


def test_an_environment_that_the_snapshot_lacks_is_passed_over():
    queue = make.queue(make.job("j"), environments=("gone", "ce"))
    made = plan(make.snapshot(queue, make.environment(make.instance("i-1"))), make.NOW)
    assert made.placements == (Place("j", "ce", "i-1"),)


# Growing.


def test_instances_are_as_large_as_the_demand():
    desire = Desire(compute_environment_arn="ce", desired_vcpus=8, launch=(("m5.xlarge", 2),))
    assert capacity(make.queue(*make.jobs(8)), make.environment()) == (desire,)
    desire = Desire(compute_environment_arn="ce", desired_vcpus=2, launch=(("m5.large", 1),))
    assert capacity(make.queue(make.job("j")), make.environment()) == (desire,)


def test_a_type_that_jobs_fill_badly_is_not_chosen():
    lean = InstanceType(name="c5.4xlarge", vcpus=16, memory_mib=8000)
    queue = make.queue(*make.jobs(16, memory_mib=3500))
    (desire,) = capacity(queue, make.environment(types=(lean, make.XLARGE)))
    assert desire.launch == (("m5.xlarge", 4),)


def test_gpu_instances_are_not_launched_for_jobs_without_gpus():
    (desire,) = capacity(make.queue(*make.jobs(8)), make.environment(types=(make.GPU, make.XLARGE)))
    assert desire.launch == (("m5.xlarge", 2),)


def test_what_is_coming_is_counted_before_more_is_wished_for():
    coming = make.instance("i-1", state="PENDING")
    assert capacity(make.queue(*make.jobs(4)), make.environment(coming)) == ()
    (desire,) = capacity(make.queue(*make.jobs(5)), make.environment(coming))
    assert (desire.desired_vcpus, desire.launch) == (6, (("m5.large", 1),))


def test_what_stays_free_behind_a_large_front_is_counted_too():
    queue = make.queue(make.job("large", age=9, vcpus=4), *make.jobs(3))
    environment = make.environment(make.instance("i-1", used_vcpus=1))
    (desire,) = capacity(queue, environment)
    assert desire.launch == (("m5.xlarge", 1),)


def test_growth_stops_at_max_vcpus():
    environment = make.environment(make.instance("i-1", used_vcpus=4), max_vcpus=7)
    (desire,) = capacity(make.queue(*make.jobs(50)), environment)
    assert (desire.desired_vcpus, desire.launch) == (6, (("m5.large", 1),))


def test_draining_instances_count_towards_max_vcpus():
    environment = make.environment(make.instance("i-1", state="DRAINING"), max_vcpus=4)
    assert capacity(make.queue(make.job("j")), environment) == ()


def test_an_unmanaged_environment_is_left_to_its_owner():
    environment = make.environment(make.instance("i-1", **idle(9999)), type="UNMANAGED")
    assert capacity(make.queue(make.job("j", vcpus=9)), environment) == ()


def test_the_minimum_is_reached_also_while_disabled_but_not_before_valid():
    wish = Desire(
        compute_environment_arn="ce",
        desired_vcpus=6,
        launch=(("m5.large", 1), ("m5.xlarge", 1)),
    )
    assert capacity(make.queue(), make.environment(min_vcpus=6)) == (wish,)
    assert capacity(make.queue(), make.environment(min_vcpus=6, state="DISABLED")) == (wish,)
    assert capacity(make.queue(), make.environment(min_vcpus=6, status="CREATING")) == ()


def test_what_is_desired_is_launched_while_enabled_and_goes_when_it_is_idle():
    (wish,) = capacity(make.queue(), make.environment(desired_vcpus=4))
    assert (wish.launch, wish.desired_vcpus) == ((("m5.xlarge", 1),), 4)
    assert capacity(make.queue(), make.environment(desired_vcpus=4, state="DISABLED")) == ()
    idle_one = make.environment(make.instance("i-1", **idle(9999)), desired_vcpus=4)
    (wish,) = capacity(make.queue(), idle_one)
    assert (wish.terminate, wish.desired_vcpus) == (("i-1",), 0)


# Shrinking.


def test_idle_instances_go_after_the_delay_and_not_a_second_before():
    early = make.environment(make.instance("i-1", **idle(599)), scale_down_delay_seconds=600)
    late = make.environment(make.instance("i-1", **idle(600)), scale_down_delay_seconds=600)
    assert capacity(make.queue(), early) == ()
    assert capacity(make.queue(), late) == (
        Desire(compute_environment_arn="ce", desired_vcpus=0, terminate=("i-1",)),
    )


def test_the_longest_idle_go_first_and_the_minimum_stays():
    instances = [make.instance(f"i-{n}", **idle(seconds)) for n, seconds in enumerate((700, 900, 800))]
    environment = make.environment(*instances, min_vcpus=5)
    assert capacity(make.queue(), environment) == (
        Desire(compute_environment_arn="ce", desired_vcpus=8, terminate=("i-1",)),
    )


def test_one_that_is_on_its_way_out_does_not_stand_for_the_minimum():
    leaving = make.instance("i-0", state="DRAINING")
    environment = make.environment(leaving, make.instance("i-1", **idle(9999)), min_vcpus=4)
    assert capacity(make.queue(), environment) == ()
    (desire,) = capacity(make.queue(), make.environment(leaving, min_vcpus=4, max_vcpus=8))
    assert (desire.launch, desire.desired_vcpus) == ((("m5.xlarge", 1),), 4)
    assert capacity(make.queue(), make.environment(leaving, min_vcpus=4, max_vcpus=4)) == ()


def test_an_idle_instance_that_a_waiting_job_counts_on_stays():
    queue = make.queue(make.job("large", age=9, vcpus=16), make.job("small"))
    types = (make.XLARGE, make.FOUR_XLARGE)
    environment = make.environment(make.instance("i-1", **idle(9999)), types=types)
    (desire,) = capacity(queue, environment)
    assert (desire.launch, desire.terminate) == ((("m5.4xlarge", 1),), ())


def test_an_idle_instance_makes_way_for_one_that_the_front_needs():
    queue = make.queue(make.job("large", vcpus=16))
    types = (make.XLARGE, make.FOUR_XLARGE)
    environment = make.environment(make.instance("i-1", **idle(9999)), types=types, max_vcpus=16)
    (desire,) = capacity(queue, environment)
    assert (desire.launch, desire.terminate) == ((), ("i-1",))


def test_a_disabled_environment_gives_back_what_is_idle():
    environment = make.environment(make.instance("i-1", **idle(9999)), state="DISABLED")
    (desire,) = capacity(make.queue(*make.jobs(3)), environment)
    assert desire.terminate == ("i-1",)


def test_twenty_five_thousand_jobs_are_planned_quickly():
    """Some 20 ms of CPU on a machine of 2026; the bound leaves room for a busy one, not for a square."""
    assert milliseconds(large(vcpus=16, sizes=4, max_vcpus=3200), rounds=3) < 100


def test_a_job_goes_where_the_engine_makes_true_what_it_needs():
    needs = frozenset({"user"})
    plain = make.fargate(arn="plain", abilities=frozenset({"gpus"}))
    able = make.fargate(arn="able", abilities=frozenset({"user"}))
    waiting = make.queue(
        make.job("one", vcpus=1, memory_mib=2048, needs=needs, age=2),
        make.job("two", vcpus=1, memory_mib=2048, age=1),
        environments=("plain", "able"),
    )
    decided = plan(make.snapshot(waiting, (plain, able)), make.NOW)
    assert {one.job_id: one.compute_environment_arn for one in decided.placements} == {
        "one": "able",
        "two": "plain",
    }


def test_a_job_that_no_engine_can_run_waits_with_the_reason_and_grows_nothing():
    needs = frozenset({"user", "tmpfs"})
    waiting = make.queue(make.job("one", needs=needs))
    decided = plan(make.snapshot(waiting, make.environment(abilities=frozenset({"user"}))), make.NOW)
    assert (decided.placements, decided.capacity, decided.fails) == ((), (), ())
    [wait] = decided.waits
    assert wait.reason == reasons.ENGINE_ABILITIES.format(needs="tmpfs")
