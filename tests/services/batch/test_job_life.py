"""A job from SubmitJob to its end: a task really runs, as the service-linked role."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Make = Callable[..., Any]


def test_a_job_runs_and_its_output_is_in_the_logs(batch: Any, aws: Make, submit: Make, reached: Make) -> None:
    job_id = submit("echo hello from $AWS_BATCH_JOB_ID attempt $AWS_BATCH_JOB_ATTEMPT")
    job = reached(job_id)
    assert job["status"] == "SUCCEEDED"
    assert job["statusReason"] == "Essential container in task exited"
    assert job["container"]["exitCode"] == 0
    assert job["createdAt"] <= job["startedAt"] <= job["stoppedAt"]
    stream = job["container"]["logStreamName"]
    assert stream.startswith("work/default/")
    assert job["container"]["taskArn"].endswith(stream.rsplit("/", 1)[-1])
    [event] = aws("logs").get_log_events(logGroupName="/aws/batch/job", logStreamName=stream)["events"]
    assert event["message"] == f"hello from {job_id} attempt 1"
