"""Job queues: their states, what they refuse, and the end of one with its jobs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from sqlalchemy import update

from batchyard.services.batch.tables import job_queues
from services.batch.conftest import job_of, queue_of

Make = Callable[..., Any]


def order_of(*environments: str) -> list[dict[str, Any]]:
    return [{"order": index, "computeEnvironment": one} for index, one in enumerate(environments, start=1)]


@pytest.fixture
def settled(batch: Any, wait_for: Make) -> Make:
    """`settled("queue")`: waits until the queue is VALID and gives it."""

    def wait(name: str = "queue") -> Any:
        wait_for(lambda: queue_of(batch, name)["status"] == "VALID")
        return queue_of(batch, name)

    return wait


def test_a_queue_is_created_and_becomes_valid(
    batch: Any, account: str, environment: Make, settled: Make
) -> None:
    arn = environment()
    answer = batch.create_job_queue(
        jobQueueName="queue", priority=7, computeEnvironmentOrder=order_of("fargate"), tags={"a": "b"}
    )
    assert answer["jobQueueArn"] == f"arn:aws:batch:us-east-1:{account}:job-queue/queue"
    shown = settled()
    assert shown["statusReason"] == "JobQueue Healthy"
    assert (shown["state"], shown["priority"], shown["tags"]) == ("ENABLED", 7, {"a": "b"})
    assert shown["computeEnvironmentOrder"] == order_of(arn)


def test_environments_are_named_or_given_by_arn_and_keep_their_order(
    batch: Any, environment: Make, settled: Make
) -> None:
    one, two = environment("one"), environment("two")
    order = [{"order": 20, "computeEnvironment": "one"}, {"order": 10, "computeEnvironment": two}]
    batch.create_job_queue(jobQueueName="queue", priority=1, computeEnvironmentOrder=order)
    assert settled()["computeEnvironmentOrder"] == [
        {"order": 10, "computeEnvironment": two},
        {"order": 20, "computeEnvironment": one},
    ]


def test_refusals_of_creation(batch: Any, queue: str, environment: Make) -> None:
    for name in ("one", "two", "three"):
        environment(name)

    def create(*environments: str, name: str = "other", priority: int = 1) -> str:
        with pytest.raises(ClientError) as refused:
            batch.create_job_queue(
                jobQueueName=name, priority=priority, computeEnvironmentOrder=order_of(*environments)
            )
        assert refused.value.response["Error"]["Code"] == "ClientException"
        message: str = refused.value.response["Error"]["Message"]
        return message

    assert create("fargate", name=queue) == "Object already exists."
    assert "computeEnvironmentOrder is required." in create()
    assert "between 1 and 3" in create("fargate", "one", "two", "three")
    assert "unique" in create("fargate", "fargate")
    assert "compute-environment/missing does not exist" in create("missing")
    assert "regex" in create("fargate", name="with space")
    assert "Priority" in create("fargate", priority=-1)


def test_an_environment_must_be_valid(batch: Any, account: str, environment: Make, wait_for: Make) -> None:
    environment("good")
    role = f"arn:aws:iam::{account}:role/missing"
    batch.create_compute_environment(computeEnvironmentName="bad", type="UNMANAGED", serviceRole=role)

    def status() -> str:
        shown = batch.describe_compute_environments(computeEnvironments=["bad"])["computeEnvironments"]
        return str(shown[0]["status"])

    wait_for(lambda: status() == "INVALID")
    with pytest.raises(ClientError, match="must be valid before attaching"):
        batch.create_job_queue(jobQueueName="q", priority=1, computeEnvironmentOrder=order_of("good", "bad"))


@pytest.mark.parametrize(
    "member",
    [
        {"jobQueueType": "ECS_FARGATE"},
        {"serviceEnvironmentOrder": [{"order": 1, "serviceEnvironment": "s"}]},
    ],
)
def test_what_is_not_built_is_refused_by_name(batch: Any, member: dict[str, Any]) -> None:
    with pytest.raises(ClientError, match=next(iter(member))) as refused:
        batch.create_job_queue(jobQueueName="q", priority=1, computeEnvironmentOrder=order_of("e"), **member)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_an_update_changes_what_it_names(batch: Any, queue: str, settled: Make) -> None:
    batch.update_job_queue(jobQueue=queue, state="DISABLED", priority=9)
    shown = settled()
    assert (shown["state"], shown["priority"]) == ("DISABLED", 9)
    batch.update_job_queue(jobQueue=queue, state="ENABLED")
    shown = settled()
    assert (shown["state"], shown["priority"]) == ("ENABLED", 9)


def test_a_queue_that_is_being_modified_is_left_alone(batch: Any, app: Any, account: str, queue: str) -> None:
    mine = update(job_queues).where(job_queues.c.account == account)
    app.store.write(lambda tx: tx.run(mine.values(status="UPDATING")))
    for operation, text in (("update_job_queue", "update"), ("delete_job_queue", "delete")):
        with pytest.raises(ClientError, match=f"Cannot {text}, resource is being modified."):
            getattr(batch, operation)(jobQueue=queue)


def test_a_disabled_queue_takes_no_jobs_and_its_jobs_go_on(
    batch: Any, queue: str, submit: Make, reached: Make, settled: Make
) -> None:
    job_id = submit("sleep 0.5")
    batch.update_job_queue(jobQueue=queue, state="DISABLED")
    settled()
    with pytest.raises(ClientError, match="DISABLED"):
        submit()
    assert reached(job_id)["status"] == "SUCCEEDED"


def test_a_deleted_queue_ends_its_jobs_first(
    batch: Any, queue: str, submit: Make, reached: Make, settled: Make, wait_for: Make
) -> None:
    running = submit("sleep 600")
    waiting = submit(dependsOn=[{"jobId": running}])
    reached(running, "RUNNING")
    with pytest.raises(ClientError, match="DISABLED"):
        batch.delete_job_queue(jobQueue=queue)
    batch.update_job_queue(jobQueue=queue, state="DISABLED")
    settled()
    batch.delete_job_queue(jobQueue=queue)
    wait_for(lambda: queue_of(batch, queue) is None)
    for job_id in (running, waiting):
        job = job_of(batch, job_id)
        assert (job["status"], job["statusReason"]) == ("FAILED", "JobQueue deleted")
    with pytest.raises(ClientError, match=f"JobQueue {queue} not found."):
        submit()
    batch.delete_job_queue(jobQueue=queue)


def test_an_environment_with_a_queue_is_not_deleted(batch: Any, queue: str, wait_for: Make) -> None:
    batch.update_compute_environment(computeEnvironment="fargate", state="DISABLED")

    def status() -> str:
        shown = batch.describe_compute_environments(computeEnvironments=["fargate"])["computeEnvironments"]
        return str(shown[0]["status"])

    wait_for(lambda: status() == "VALID")
    with pytest.raises(ClientError, match="Cannot delete, found existing JobQueue relationship"):
        batch.delete_compute_environment(computeEnvironment="fargate")


def test_queues_are_listed_in_pages(batch: Any, environment: Make) -> None:
    environment()
    for number in range(5):
        batch.create_job_queue(
            jobQueueName=f"queue{number}", priority=1, computeEnvironmentOrder=order_of("fargate")
        )
    pages = list(batch.get_paginator("describe_job_queues").paginate(PaginationConfig={"PageSize": 2}))
    assert [len(page["jobQueues"]) for page in pages] == [2, 2, 1]
    assert (
        batch.describe_job_queues(jobQueues=["queue1", "missing"])["jobQueues"][0]["jobQueueName"] == "queue1"
    )


def test_a_namesake_in_another_region_is_not_meant(
    batch: Any, queue: str, account: str, define: Make
) -> None:
    elsewhere = f"arn:aws:batch:eu-west-1:{account}:job-queue/{queue}"
    with pytest.raises(ClientError, match="not found"):
        batch.submit_job(jobName="j", jobQueue=elsewhere, jobDefinition=define())
    with pytest.raises(ClientError, match="does not exist"):
        batch.update_job_queue(jobQueue=elsewhere, priority=2)
    here = define().replace("us-east-1", "eu-west-1")
    with pytest.raises(ClientError, match="not found"):
        batch.submit_job(jobName="j", jobQueue=queue, jobDefinition=here)
