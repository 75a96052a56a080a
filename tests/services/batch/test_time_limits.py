"""jobStateTimeLimitActions: a job that waits at the front for one reason too long is canceled; then it is the next."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from batchyard.config import Settings
from batchyard.services.batch.queues.time_limits import REASONS
from conftest import PACE, Serving
from services.batch.conftest import job_of, queue_of

Make = Callable[..., Any]
TOO_LARGE = "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE"
TWO_VCPUS = {"resourceRequirements": [{"type": "VCPU", "value": "2"}, {"type": "MEMORY", "value": "4096"}]}


@pytest.fixture(scope="module")
def serving() -> Iterator[Serving]:
    """A server whose clock can be advanced."""
    one = Serving(Settings(ephemeral=True, port=0, pace=PACE, slots=8, test_clock=True))
    yield one
    one.close()


def limit(reason: str = TOO_LARGE, seconds: int = 600, action: str = "CANCEL") -> dict[str, Any]:
    return {"reason": reason, "state": "RUNNABLE", "maxTimeSeconds": seconds, "action": action}


@pytest.fixture
def queue(batch: Any, environment: Make, wait_for: Make) -> str:
    """A queue on one vCPU of Fargate."""
    order = [{"order": 1, "computeEnvironment": environment(maxvCpus=1)}]
    batch.create_job_queue(
        jobQueueName="queue", priority=1, computeEnvironmentOrder=order, jobStateTimeLimitActions=[limit()]
    )
    wait_for(lambda: queue_of(batch, "queue")["status"] == "VALID")
    return "queue"


@pytest.mark.parametrize("turned_back", [0, 3600])
def test_a_job_that_waits_too_long_for_one_reason_is_canceled(
    app: Any, batch: Any, submit: Make, reached: Make, wait_for: Make, turn_back: Make, turned_back: float
) -> None:
    """Also where the machine's clock is set back meanwhile; the one behind it begins to wait when it is the first."""
    array = submit(containerOverrides=TWO_VCPUS, arrayProperties={"size": 2})
    small = submit()
    first, second = f"{array}:0", f"{array}:1"
    wait_for(lambda: job_of(batch, first).get("statusReason", "").startswith(TOO_LARGE))
    assert job_of(batch, first)["status"] == job_of(batch, second)["status"] == "RUNNABLE"
    assert "statusReason" not in job_of(batch, second)
    app.clock.advance(590)
    turn_back(app, turned_back)
    assert job_of(batch, first)["status"] == "RUNNABLE"
    app.clock.advance(11)
    ended = reached(first)
    told = f"Canceled by JobStateTimeLimit action due to reason: {TOO_LARGE}"
    assert (ended["status"], ended["statusReason"], ended["attempts"]) == ("FAILED", told, [])
    wait_for(lambda: job_of(batch, second).get("statusReason", "").startswith(TOO_LARGE))
    assert job_of(batch, second)["status"] == job_of(batch, small)["status"] == "RUNNABLE"
    app.clock.advance(601)
    assert reached(second)["statusReason"] == told
    assert reached(small)["status"] == "SUCCEEDED"


def test_another_reason_or_no_limit_lets_a_job_wait(
    app: Any, batch: Any, queue: str, submit: Make, reached: Make, wait_for: Make
) -> None:
    def change(*actions: dict[str, Any]) -> None:
        batch.update_job_queue(jobQueue=queue, jobStateTimeLimitActions=[*actions])
        wait_for(lambda: queue_of(batch, queue)["status"] == "VALID")
        assert queue_of(batch, queue)["jobStateTimeLimitActions"] == [*actions]

    other = limit("CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY", 700)
    change(other)
    job_id = submit(containerOverrides=TWO_VCPUS)
    wait_for(lambda: job_of(batch, job_id).get("statusReason", "").startswith(TOO_LARGE))
    app.clock.advance(86_400)
    change(other, limit(seconds=86_400))
    # It has waited for its reason all the while.
    assert reached(job_id)["status"] == "FAILED"
    change()


@pytest.mark.parametrize(
    ("actions", "text"),
    [
        ([limit(action="TERMINATE")], r"^Invalid job action\. Valid job actions: \[CANCEL\]$"),
        ([limit(), limit(seconds=700)], r"^Duplicate job state limit actions are not allowed\.$"),
        ([limit(seconds=599)], "maxTimeSeconds must be between 600 and 86400"),
        ([limit(seconds=86_401)], "maxTimeSeconds must be between 600 and 86400"),
        ([limit("ACTION_REQUIRED")], "Invalid job state limit reason"),
        ([limit("MISCONFIGURATION:SERVICE_ROLE_PERMISSIONS")], "Invalid job state limit reason"),
    ],
)
def test_refusals(batch: Any, actions: list[Any], text: str) -> None:
    order = [{"order": 1, "computeEnvironment": "none"}]
    with pytest.raises(ClientError) as refused:
        batch.create_job_queue(
            jobQueueName="q", priority=1, computeEnvironmentOrder=order, jobStateTimeLimitActions=actions
        )
    error = refused.value.response["Error"]
    assert error["Code"] == "ClientException"
    assert re.search(text, error["Message"])


def test_aws_reasons_can_be_acted_on() -> None:
    assert REASONS[:3] == (
        "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY",
        "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE",
        "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT",
    )
