"""Why jobs wait for instances: what EC2 says where it launches none becomes the reason of the first of the queue."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from batchyard.framework.errors import ApiError
from batchyard.services.ec2.launching import instance_launches
from services.batch.conftest import job_of
from services.batch.test_ec2_jobs import register

Make = Callable[..., Any]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "We currently do not have sufficient capacity for 1 instances in one request.",
            "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY - Service cannot fulfill the capacity requested for instance"
            " type [c5.large]",
        ),
        (
            "Your requested instance type is not supported in your requested Availability Zone.",
            "MISCONFIGURATION:EC2_INSTANCE_CONFIGURATION_UNSUPPORTED - Your compute environment associated with"
            " this job queue has an unsupported instance type configuration.",
        ),
        (
            "There are not enough free addresses.",
            "UNDETERMINED - Batch job is blocked, root cause is undetermined.",
        ),
    ],
)
def test_a_launch_that_fails_is_why_the_first_job_waits(
    batch: Any,
    ec2_queue: Make,
    reached: Make,
    wait_for: Make,
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    expected: str,
) -> None:
    """And once it does not fail any more the job runs, and has no such reason."""

    def refuse(*_: Any, **__: Any) -> Any:
        raise ApiError("Refused", text)

    queue = ec2_queue(maxvCpus=2, instanceTypes=["c5.large"])
    arn = register(batch, "true", vcpus=2)
    with monkeypatch.context() as patch:
        patch.setattr(instance_launches, "_count", refuse)
        first, second = (
            batch.submit_job(jobName="j", jobQueue=queue, jobDefinition=arn)["jobId"] for _ in range(2)
        )
        wait_for(lambda: job_of(batch, first).get("statusReason") == expected, seconds=30)
        assert "statusReason" not in job_of(batch, second)
    ended = reached(first, seconds=60)
    assert (ended["status"], ended["statusReason"]) == ("SUCCEEDED", "Essential container in task exited")
