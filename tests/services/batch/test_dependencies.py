"""dependsOn: a job waits until all others have succeeded, and fails with the first that fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from services.batch.conftest import job_of

Make = Callable[..., Any]


def depending(*job_ids: str) -> list[dict[str, str]]:
    return [{"jobId": one} for one in job_ids]


@pytest.fixture
def gate(tmp_path: Any) -> Any:
    """`gate.script` waits until `gate.open()`, then exits with what was given to it."""

    class Gate:
        path = tmp_path / "open"
        script = f"while [ ! -e {path} ]; do sleep 0.05; done; exit $(cat {path})"

        def open(self, code: int = 0) -> None:
            fresh = tmp_path / "fresh"
            fresh.write_text(str(code))
            fresh.rename(self.path)

    return Gate()


def test_a_job_waits_for_all_that_it_depends_on(batch: Any, submit: Make, reached: Make, gate: Any) -> None:
    first, second = submit(gate.script), submit("true")
    waiting = submit(dependsOn=depending(first, second))
    reached(second)
    reached(first, "RUNNING")
    job = job_of(batch, waiting)
    assert job["status"] == "PENDING"
    assert job["dependsOn"] == depending(first, second)
    gate.open()
    job = reached(waiting)
    assert job["status"] == "SUCCEEDED"
    assert job["startedAt"] >= job_of(batch, first)["stoppedAt"]


def test_a_failed_dependency_fails_the_whole_chain(
    batch: Any, submit: Make, reached: Make, gate: Any
) -> None:
    first = submit(gate.script)
    second = submit(dependsOn=depending(first))
    third = submit(dependsOn=depending(second))
    gate.open(1)
    for one in (second, third):
        job = reached(one)
        assert (job["status"], job["statusReason"]) == ("FAILED", "Dependent Job failed")
        assert job["attempts"] == []


def test_one_that_succeeded_or_failed_before_counts_as_what_it_is(submit: Make, reached: Make) -> None:
    good, bad = submit("true"), submit("false")
    reached(good)
    reached(bad)
    assert reached(submit(dependsOn=depending(good)))["status"] == "SUCCEEDED"
    assert reached(submit(dependsOn=depending(good, bad)))["statusReason"] == "Dependent Job failed"


def test_a_pending_job_is_cancelled_when_its_dependencies_end(
    batch: Any, submit: Make, reached: Make, gate: Any
) -> None:
    first = submit(gate.script)
    second = submit(dependsOn=depending(first))
    batch.cancel_job(jobId=second, reason="not needed")
    job = job_of(batch, second)
    assert (job["status"], job["isCancelled"]) == ("PENDING", True)
    gate.open()
    job = reached(second)
    assert (job["status"], job["statusReason"]) == ("FAILED", "not needed")
    assert job["attempts"] == []


def test_many_jobs_may_wait_for_one(
    batch: Any, submit: Make, define: Make, queue: str, wait_for: Make, gate: Any
) -> None:
    first = submit(gate.script)
    arn = define(name="other")
    for number in range(250):
        batch.submit_job(jobName=f"n{number}", jobQueue=queue, jobDefinition=arn, dependsOn=depending(first))
    gate.open(1)

    def failed() -> int:
        pages = batch.get_paginator("list_jobs").paginate(jobQueue=queue, jobStatus="FAILED")
        return sum(len(page["jobSummaryList"]) for page in pages)

    wait_for(lambda: failed() == 251)


def test_refusals(submit: Make) -> None:
    with pytest.raises(ClientError, match="Job cannot have more than 20 dependencies"):
        submit(dependsOn=depending(*(f"job{number}" for number in range(21))))
    with pytest.raises(ClientError, match="does not exist"):
        submit(dependsOn=depending("10000000-0000-4000-8000-000000000000"))
    with pytest.raises(ClientError, match="can only be used with an array job"):
        submit(dependsOn=[{"jobId": "x", "type": "N_TO_N"}])
