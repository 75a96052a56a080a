"""The transitional states of a queue: each is there for as long as the pace says. The clock is the test's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from batchyard.config import Settings
from conftest import Serving
from services.batch.conftest import job_of, queue_of

Make = Callable[..., Any]
PACE = 600


@pytest.fixture(scope="module")
def serving() -> Iterator[Serving]:
    """A server that stays in every transitional state until its clock is advanced."""
    one = Serving(Settings(ephemeral=True, port=0, pace=PACE, slots=8, test_clock=True))
    yield one
    one.close()


@pytest.fixture
def wait_for(app: Any, wait_for: Make) -> Make:
    """Lets the pace pass before it waits."""

    def wait(condition: Callable[[], Any], **arguments: Any) -> Any:
        app.clock.advance(PACE)
        return wait_for(condition, **arguments)

    return wait


def test_each_change_passes_through_its_own_state(
    app: Any, batch: Any, environment: Make, define: Make, wait_for: Make
) -> None:
    order = [{"order": 1, "computeEnvironment": environment()}]
    arn = define()

    def shown() -> tuple[str, str]:
        found = queue_of(batch, "q")
        return found["status"], found["statusReason"]

    batch.create_job_queue(jobQueueName="q", priority=1, computeEnvironmentOrder=order)
    assert shown() == ("CREATING", "")
    early = batch.submit_job(jobName="early", jobQueue="q", jobDefinition=arn)["jobId"]
    assert job_of(batch, early)["status"] == "RUNNABLE"
    wait_for(lambda: shown() == ("VALID", "JobQueue Healthy"))
    wait_for(lambda: job_of(batch, early)["status"] == "SUCCEEDED")
    batch.update_job_queue(jobQueue="q", state="DISABLED")
    assert shown() == ("UPDATING", "")
    wait_for(lambda: shown() == ("VALID", "JobQueue Healthy"))
    batch.delete_job_queue(jobQueue="q")
    assert shown()[0] == "DELETING"
    wait_for(lambda: queue_of(batch, "q") is None)
