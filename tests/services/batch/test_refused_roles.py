"""A right that the role loses while jobs wait or run: the environment says so, and all heals when it is back."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from batchyard.config import Settings
from batchyard.data import managed_policies
from conftest import PACE, Serving
from services.batch.conftest import job_of
from services.batch.environments import describe

Make = Callable[..., Any]
PERMISSION = "MISCONFIGURATION:SERVICE_ROLE_PERMISSIONS – Batch service role has a permission issue."


class Policies:
    """AWS's managed policies, of which the role's may lack some statements."""

    def __init__(self) -> None:
        self.lacking: set[str] = set()

    def find(self, name_or_arn: str) -> Any:
        found = managed_policies.find(name_or_arn)
        if found is None or found.name != "BatchServiceRolePolicy" or not self.lacking:
            return found
        document = json.loads(found.document)
        document["Statement"] = [one for one in document["Statement"] if one["Sid"] not in self.lacking]
        return dataclasses.replace(found, document=json.dumps(document))

    def remove(self, *numbers: int) -> None:
        self.lacking = {f"AWSBatchPolicyStatement{number}" for number in numbers}


POLICIES = Policies()


@pytest.fixture(scope="module")
def serving() -> Iterator[Serving]:
    """A server whose role policy the tests change."""
    settings = Settings(ephemeral=True, port=0, pace=PACE, scale_down_delay=0.5, slots=8)
    one = Serving(settings, find_managed_policy=POLICIES.find)
    yield one
    one.close()


@pytest.fixture(autouse=True)
def _whole_policy() -> Iterator[None]:
    yield
    POLICIES.remove()


@pytest.mark.parametrize(
    ("lacking", "action"),
    [
        ((2,), "logs:CreateLogGroup"),
        ((11, 12), "ecs:RunTask"),
        ((14,), "ecs:RegisterTaskDefinition"),
        ((1,), "logs:DescribeLogGroups"),
    ],
    ids=str,
)
def test_a_job_waits_until_the_role_may_run_it(
    batch: Any, queue: str, define: Make, reached: Make, wait_for: Make, lacking: tuple[int, ...], action: str
) -> None:
    arn = define()
    POLICIES.remove(*lacking)
    job_id = batch.submit_job(jobName="j", jobQueue=queue, jobDefinition=arn)["jobId"]
    wait_for(lambda: job_of(batch, job_id).get("statusReason") == PERMISSION)
    reasons = set()

    def is_invalid() -> bool:
        shown = describe(batch, "fargate")
        reasons.add(shown["statusReason"])
        return bool(
            shown["status"] == "INVALID" and f"not authorized to perform: {action}" in shown["statusReason"]
        )

    wait_for(is_invalid)
    assert any(
        one.startswith("CLIENT_ERROR - User: arn:aws:sts::")
        and "assumed-role/AWSServiceRoleForBatch/aws-batch is not authorized" in one
        for one in reasons
    )
    assert job_of(batch, job_id)["status"] == "RUNNABLE"
    POLICIES.remove()
    job = reached(job_id)
    assert job["status"] == "SUCCEEDED"
    assert len(job["attempts"]) == 1
    wait_for(lambda: describe(batch, "fargate")["status"] == "VALID")


def test_a_running_job_is_seen_to_end_once_the_role_may_look_again(
    batch: Any, submit: Make, reached: Make, wait_for: Make, tmp_path: Any
) -> None:
    job_id = submit(f"while [ ! -e {tmp_path}/go ]; do sleep 0.05; done; exit 5")
    reached(job_id, "RUNNING")
    POLICIES.remove(1)
    (tmp_path / "go").touch()
    wait_for(lambda: describe(batch, "fargate")["status"] == "INVALID")
    assert job_of(batch, job_id)["status"] == "RUNNING"
    POLICIES.remove()
    assert reached(job_id)["container"]["exitCode"] == 5


def test_a_terminated_job_ends_once_the_role_may_stop_it(
    batch: Any, submit: Make, reached: Make, wait_for: Make
) -> None:
    job_id = submit("sleep 600")
    reached(job_id, "RUNNING")
    POLICIES.remove(11, 12, 13)
    batch.terminate_job(jobId=job_id, reason="stop it")
    wait_for(lambda: describe(batch, "fargate")["status"] == "INVALID")
    POLICIES.remove()
    job = reached(job_id)
    assert (job["status"], job["statusReason"]) == ("FAILED", "stop it")
