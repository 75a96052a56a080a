"""Remove one statement: a job is not started, not stopped, or not heard; the reason is told, and it heals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from services.batch.conftest import job_of
from services.batch.environments import describe
from services.batch.statements.reasons import POLICY, WAITS, is_invalid, reason_of
from services.conftest import Deny
from services.lacking import Lacking, removes

Make = Callable[..., Any]


@removes(
    POLICY,
    (1, "logs:DescribeLogGroups"),
    (2, "logs:CreateLogGroup"),
    (5, "iam:PassRole"),
    (12, "ecs:RunTask"),
    (14, "ecs:RegisterTaskDefinition"),
)
def test_a_job_waits_until_it_may_be_started(
    batch: Any,
    account: str,
    queue: str,
    define: Make,
    without: Deny,
    lacking: Lacking,
    reached: Make,
    wait_for: Make,
    number: int,
    action: str,
) -> None:
    """The document, sentence by sentence:

    > Allows AWS Batch to create and managed Amazon ECS clusters, task-definitions and tasks for job
      execution.
    """
    definition = define()
    denied = without(POLICY, number, action)
    job_id = batch.submit_job(jobName="j", jobQueue=queue, jobDefinition=definition)["jobId"]
    wait_for(lambda: is_invalid(batch, "fargate", reason_of(account, action)))
    wait_for(lambda: job_of(batch, job_id).get("statusReason") == WAITS)
    denied.expect(action, times=1 if number == 1 else 2)
    assert job_of(batch, job_id)["status"] == "RUNNABLE"
    lacking.mend()
    job = reached(job_id)
    assert job["status"] == "SUCCEEDED"
    assert len(job["attempts"]) == 1
    wait_for(lambda: describe(batch, "fargate")["status"] == "VALID")


@removes(POLICY, (2, "logs:CreateLogStream"))
def test_a_jobs_stream_is_made_by_its_own_role_where_batch_may_not(
    batch: Any,
    account: str,
    submit: Make,
    without: Deny,
    lacking: Lacking,
    reached: Make,
    said: Make,
    wait_for: Make,
    number: int,
    action: str,
) -> None:
    """The task runs when its stream's name is known; what it wrote is not lost.

    > Allows AWS Batch to create and manage log groups and log streams for AWS Batch jobs.
    """
    assert reached(submit())["status"] == "SUCCEEDED"
    without(POLICY, number, action)
    job_id = submit("echo heard")
    wait_for(lambda: is_invalid(batch, "fargate", reason_of(account, action)))
    job = reached(job_id)
    assert (job["status"], len(job["attempts"])) == ("SUCCEEDED", 1)
    wait_for(lambda: said(job) == ["heard"])
    lacking.mend()
    wait_for(lambda: describe(batch, "fargate")["status"] == "VALID")


@removes(POLICY, (13, "ecs:StopTask"))
def test_a_terminated_job_runs_on_until_it_may_be_stopped(
    batch: Any,
    account: str,
    submit: Make,
    without: Deny,
    lacking: Lacking,
    reached: Make,
    wait_for: Make,
    number: int,
    action: str,
) -> None:
    job_id = submit("sleep 600")
    reached(job_id, "RUNNING")
    denied = without(POLICY, number, action)
    batch.terminate_job(jobId=job_id, reason="stop it")
    wait_for(lambda: is_invalid(batch, "fargate", reason_of(account, action)))
    denied.expect(action, tables=("ecs_tasks",))
    assert job_of(batch, job_id)["status"] == "RUNNING"
    lacking.mend()
    job = reached(job_id)
    assert (job["status"], job["statusReason"]) == ("FAILED", "stop it")
    wait_for(lambda: describe(batch, "fargate")["status"] == "VALID")


@removes(POLICY, (1, "ecs:DescribeTasks"))
def test_a_running_job_is_seen_to_end_once_its_task_may_be_looked_at(
    batch: Any,
    account: str,
    submit: Make,
    without: Deny,
    lacking: Lacking,
    reached: Make,
    wait_for: Make,
    tmp_path: Any,
    number: int,
    action: str,
) -> None:
    job_id = submit(f"while [ ! -e {tmp_path}/go ]; do sleep 0.05; done; exit 5")
    reached(job_id, "RUNNING")
    without(POLICY, number, action)
    (tmp_path / "go").touch()
    wait_for(lambda: is_invalid(batch, "fargate", reason_of(account, action)))
    assert job_of(batch, job_id)["status"] == "RUNNING"
    lacking.mend()
    assert reached(job_id)["container"]["exitCode"] == 5
