"""Hours of a queue with shares, on a simulated clock: what each share gets converges to what its weight says."""

import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from scheduler.simulate import Simulation

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))

from shares_picture import HOUR, WORKLOAD

VCPUS = 24
TICK = 60
HOURS = 3


def workload(policy, shares, *, until=HOURS * 3600):
    """A Fargate environment and shares that always have jobs: name → (from when, vCPUs and seconds of a job)."""
    jobs = {
        name: {
            "queue": "q",
            "share": name,
            "at": at,
            "count": int((until - at) * VCPUS / vcpus / seconds) + VCPUS,
            "vcpus": vcpus,
            "memory_mib": vcpus * 2048,
            "seconds": seconds,
        }
        for name, (at, vcpus, seconds) in shares.items()
    }
    return {
        "tick_seconds": TICK,
        "until_seconds": until,
        "front": VCPUS,
        "environments": {"ce": {"type": "FARGATE", "max_vcpus": VCPUS}},
        "queues": {"q": {"compute_environments": ["ce"], "scheduling_policy": policy}},
        "jobs": jobs,
    }


def used(trace, begin, end):
    """vCPU seconds by share between two moments."""
    total: Counter[str] = Counter()
    for at, running in trace.running:
        if begin <= at < end:
            total.update({share: vcpus * TICK for share, vcpus in running.items()})
    return total


@st.composite
def some_shares(draw):
    """Two to four shares with a weight, a beginning within the first hour, and jobs of their own size and length."""
    names = "abcd"[: draw(st.integers(2, 4))]
    weights = {name: draw(st.sampled_from((0.25, 0.5, 1.0, 2.0))) for name in names}
    shares = {
        name: (
            draw(st.sampled_from((0, 0, 600, 3600))),
            draw(st.sampled_from((1, 1, 2))),
            draw(st.sampled_from((240, 300, 480))),
        )
        for name in names
    }
    return weights, shares


@settings(max_examples=6, phases=(Phase.explicit, Phase.generate))
@given(some_shares(), st.sampled_from((0, 1800)), st.sampled_from((0, 30)))
def test_usage_converges_to_the_weights_and_what_is_reserved_stays_free(drawn, decay, reservation):
    weights, shares = drawn
    policy = {"share_decay_seconds": decay, "compute_reservation": reservation, "weights": weights}
    trace = Simulation(workload(policy, shares)).run()
    allowed = VCPUS * (1 - (reservation / 100) ** len(shares))
    last_hour = used(trace, (HOURS - 1) * 3600, HOURS * 3600)
    # A job is not divided: up to one of the largest is missing at the end of the line.
    assert allowed - 2 <= last_hour.total() / 3600 <= allowed + 1e-6
    parts = sum(1 / weight for weight in weights.values())
    for name, weight in weights.items():
        expected = last_hour.total() / 3600 / weight / parts
        assert last_hour[name] / 3600 == pytest.approx(expected, rel=0.15, abs=2.0)
    for at, running in trace.running:
        active = sum(begin <= at for begin, *_ in shares.values())
        assert sum(running.values()) <= VCPUS * (1 - (reservation / 100) ** max(active, 1)) + 1e-6


@pytest.mark.parametrize("decay", [1800, 3600])
def test_a_share_that_comes_late_catches_up_within_the_window_and_no_longer(decay):
    """It has used nothing: it goes first until the window has forgotten most of what the other used alone."""
    policy = {"share_decay_seconds": decay}
    trace = Simulation(workload(policy, {"a": (0, 1, 240), "b": (3600, 1, 240)}, until=4 * 3600)).run()
    at_once = used(trace, 3600 + 240, 3600 + 240 + decay // 4)
    assert at_once["b"] > 1.5 * at_once["a"]
    later = used(trace, 3600 + 2 * decay, 4 * 3600)
    assert later["b"] / later["a"] == pytest.approx(1, abs=0.1)


def test_the_picture_in_the_docs_shows_what_the_page_says():
    trace = Simulation(WORKLOAD).run()
    alone = used(trace, HOUR // 2, HOUR)
    assert alone["analysis"] / (HOUR // 2) == 24  # a quarter of 32 is reserved
    three = used(trace, int(2.75 * HOUR), int(3.25 * HOUR))
    assert three["urgent"] / three["analysis"] == pytest.approx(2, rel=0.15)
    assert three["urgent"] / three["reports"] == pytest.approx(2, rel=0.15)
    assert "urgent" not in trace.running[-1][1]
    after = used(trace, int(4.5 * HOUR), 5 * HOUR)
    assert after["reports"] / after["analysis"] == pytest.approx(1, rel=0.15)
