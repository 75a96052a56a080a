"""What only time brings: attempts that run too long, jobs that are forgotten. The clock is the test's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from batchyard.config import Settings
from conftest import PACE, Serving
from services.batch.conftest import job_of

Make = Callable[..., Any]
WEEK = 7 * 24 * 3600


@pytest.fixture(scope="module")
def serving() -> Iterator[Serving]:
    """A server whose clock can be advanced."""
    one = Serving(Settings(ephemeral=True, port=0, pace=PACE, slots=8, test_clock=True))
    yield one
    one.close()


@pytest.mark.parametrize("turned_back", [0, 3600])
def test_an_attempt_that_runs_too_long_fails_the_job(
    app: Any, submit: Make, reached: Make, turn_back: Make, turned_back: float
) -> None:
    """Also where the machine's clock is set back meanwhile, by so many seconds."""
    job_id = submit("sleep 600", timeout={"attemptDurationSeconds": 60}, retryStrategy={"attempts": 3})
    assert reached(job_id, "RUNNING")["timeout"] == {"attemptDurationSeconds": 60}
    turn_back(app, turned_back)
    app.clock.advance(61)
    job = reached(job_id)
    assert (job["status"], job["statusReason"]) == ("FAILED", "Job attempt duration exceeded timeout")
    assert job["isTerminated"] is False
    [attempt] = job["attempts"]
    assert attempt["statusReason"] == "Job attempt duration exceeded timeout"
    assert job["container"].get("exitCode") in (137, 143, None)


def test_a_deadline_counts_from_the_start_of_each_attempt(
    app: Any, define: Make, submit: Make, reached: Make, wait_for: Make, batch: Any
) -> None:
    script = "[ $AWS_BATCH_JOB_ATTEMPT = 2 ] && exit 0; sleep 1; exit 1"
    arn = define(script, timeout={"attemptDurationSeconds": 3600})
    job_id = submit(definition=arn, retryStrategy={"attempts": 2})
    reached(job_id, "RUNNING")
    app.clock.advance(3000)
    wait_for(lambda: len(job_of(batch, job_id)["attempts"]) == 2)
    assert reached(job_id)["status"] == "SUCCEEDED"


def test_ended_jobs_are_forgotten_after_a_week(
    app: Any, batch: Any, submit: Make, reached: Make, wait_for: Make
) -> None:
    old = submit()
    reached(old)
    app.clock.advance(WEEK / 2)
    young = submit("sleep 600")
    reached(young, "RUNNING")
    batch.terminate_job(jobId=young, reason="r")
    reached(young)
    app.clock.advance(WEEK / 2 + 60)
    wait_for(lambda: batch.describe_jobs(jobs=[old])["jobs"] == [])
    assert job_of(batch, young)["status"] == "FAILED"
    app.clock.advance(WEEK / 2)
    wait_for(lambda: batch.describe_jobs(jobs=[young])["jobs"] == [])
