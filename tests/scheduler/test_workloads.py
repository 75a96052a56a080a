"""Each workload of tests/corpus/scheduler, simulated, does what the file expects of it."""

import json
from pathlib import Path

import pytest

from scheduler.simulate import Simulation

CORPUS = Path(__file__).parent.parent / "corpus" / "scheduler"
FILES = sorted(CORPUS.glob("*.json"))
EXPECTATIONS = {
    "all_finish_by",
    "never_start",
    "start",
    "start_order",
    "run_in",
    "peak_vcpus",
    "launched",
    "instances_left",
    "reasons",
    "vcpu_seconds_ratio",
}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_workload(path):
    workload = json.loads(path.read_text())
    expected = workload["expect"]
    assert expected.keys()
    assert expected.keys() <= EXPECTATIONS
    trace = Simulation(workload).run()
    jobs = {
        f"{name}-{number:05}": name
        for name, group in workload["jobs"].items()
        for number in range(group.get("count", 1))
    }
    if "all_finish_by" in expected:
        assert trace.finished.keys() == jobs.keys()
        assert max(trace.finished.values()) <= expected["all_finish_by"]
    for job_id in expected.get("never_start", ()):
        assert job_id in jobs
        assert job_id not in trace.started
    for job_id, at in expected.get("start", {}).items():
        assert trace.started[job_id] == at
    if "start_order" in expected:
        order = sorted(trace.started, key=lambda job_id: (trace.started[job_id], job_id))
        assert list(dict.fromkeys(jobs[job_id] for job_id in order)) == expected["start_order"]
    for name, environments in expected.get("run_in", {}).items():
        assert {trace.where[job_id] for job_id, group in jobs.items() if group == name} == set(environments)
    for arn, vcpus in expected.get("peak_vcpus", {}).items():
        assert trace.peak_vcpus[arn] == vcpus
    if "launched" in expected:
        assert dict(trace.launched) == expected["launched"]
    for arn, count in expected.get("instances_left", {}).items():
        assert trace.instances_left[arn] == count
    for job_id, reason in expected.get("reasons", {}).items():
        assert trace.reasons[job_id] == reason
    for pair, ratio in expected.get("vcpu_seconds_ratio", {}).items():
        one, other = pair.split(":")
        assert trace.vcpu_seconds[one] / trace.vcpu_seconds[other] == pytest.approx(ratio, rel=0.1)


def test_there_are_workloads():
    assert len(FILES) >= 8
