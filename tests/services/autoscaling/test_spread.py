"""Where new instances go, and which go first: the pure parts."""

import functools
from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from batchyard.services.autoscaling.spread import spread, zone_to_fill
from batchyard.services.autoscaling.termination_policies import POLICIES, Candidate, choose

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def subnet(number, zone):
    return {"SubnetId": f"subnet-{number}", "AvailabilityZone": zone}


SUBNETS = st.integers(1, 6).flatmap(
    lambda count: st.tuples(*(st.sampled_from("abc").map(functools.partial(subnet, n)) for n in range(count)))
)


@given(SUBNETS, st.integers(0, 30))
def test_a_fresh_group_is_spread_evenly_over_its_zones(subnets, count):
    placed = spread(count, subnets, [])
    zone_of = {one["SubnetId"]: one["AvailabilityZone"] for one in subnets}
    sizes = Counter(dict.fromkeys(zone_of.values(), 0))
    for subnet, number in placed.items():
        sizes[zone_of[subnet]] += number
    assert sum(placed.values()) == count
    assert max(sizes.values()) - min(sizes.values()) <= 1
    for zone in sizes:
        within = [placed.get(subnet, 0) for subnet in zone_of if zone_of[subnet] == zone]
        assert max(within) - min(within) <= 1


@given(SUBNETS, st.integers(0, 20), st.lists(st.integers(0, 5), max_size=20))
def test_launches_never_widen_the_difference_between_zones(subnets, count, held):
    zone_of = {one["SubnetId"]: one["AvailabilityZone"] for one in subnets}
    before = [f"subnet-{n}" for n in held if f"subnet-{n}" in zone_of]
    sizes = Counter(dict.fromkeys(zone_of.values(), 0))
    sizes.update(zone_of[one] for one in before)
    widest = max(sizes.values()) - min(sizes.values())
    for subnet, number in spread(count, subnets, before).items():
        sizes[zone_of[subnet]] += number
    assert max(sizes.values()) - min(sizes.values()) <= max(widest, 1)


def test_a_zone_that_holds_two_less_is_filled_if_the_other_can_give():
    subnets = [
        {"SubnetId": "subnet-1", "AvailabilityZone": "a"},
        {"SubnetId": "subnet-2", "AvailabilityZone": "b"},
    ]
    assert zone_to_fill(subnets, {"a": 2}, ["a"]) == "b"
    assert zone_to_fill(subnets, {"a": 2}, []) is None
    assert zone_to_fill(subnets, {"a": 2, "b": 1}, ["a", "b"]) is None
    assert zone_to_fill(subnets, {"a": 1, "b": 1, "c": 1}, ["c"]) in ("a", "b")


def candidate(number, *, zone="a", minutes=0, version=1):
    launched = NOW - timedelta(minutes=minutes)
    return Candidate(instance_id=f"i-{number}", zone=zone, launched_at=launched, template_version=version)


def test_each_policy_names_its_instance():
    held = [
        candidate(1, minutes=10, version=2),
        candidate(2, minutes=119, version=2),
        candidate(3, minutes=200, version=1),
    ]
    sizes = {"a": 3}

    def first(*policies):
        chosen = choose(held, zone_sizes=sizes, policies=policies, now=NOW)
        assert chosen is not None
        return chosen.instance_id

    assert first("OldestInstance") == "i-3"
    assert first("NewestInstance") == "i-1"
    assert first("ClosestToNextInstanceHour") == "i-2"
    assert first("OldestLaunchTemplate") == "i-3"
    assert first("Default") == "i-3"
    assert first("OldestLaunchConfiguration", "NewestInstance") == "i-1"


def test_the_fullest_zone_comes_first_and_nothing_protected_goes():
    held = [candidate(1, zone="a", minutes=500), candidate(2, zone="b")]
    chosen = choose(held, zone_sizes={"a": 1, "b": 2}, policies=["OldestInstance"], now=NOW)
    assert chosen is not None
    assert chosen.instance_id == "i-2"
    assert choose([], zone_sizes={"a": 3}, policies=["Default"], now=NOW) is None


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 300)), min_size=1, max_size=8),
    st.permutations(list(POLICIES)),
)
def test_some_candidate_of_the_fullest_zone_is_always_chosen(given_instances, policies):
    held = [candidate(n, zone=zone, minutes=age) for n, (zone, age) in enumerate(given_instances)]
    sizes = Counter(one.zone for one in held)
    chosen = choose(held, zone_sizes=sizes, policies=policies, now=NOW)
    assert chosen is not None
    assert chosen in held
    assert sizes[chosen.zone] == max(sizes.values())
