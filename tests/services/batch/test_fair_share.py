"""Queues with a scheduling policy: whose turn it is, what is refused, what is told of the shares."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from sqlalchemy import delete, insert, select, update

from batchyard.clock import microseconds
from batchyard.services.batch.tables import job_queues, share_usage
from services.batch.conftest import job_of, queue_of
from services.batch.shares import miscounted

Make = Callable[..., Any]
WHOLE = {"resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "2048"}]}
"""What takes all of an environment of one vCPU."""


def policy_of(**weights: float) -> dict[str, Any]:
    shares = [{"shareIdentifier": name, "weightFactor": weight} for name, weight in weights.items()]
    return {"shareDecaySeconds": 3600, "shareDistribution": shares}


@pytest.fixture
def policy(batch: Any) -> str:
    """The ARN of a policy that prefers b by far."""
    arn: str = batch.create_scheduling_policy(name="fair", fairsharePolicy=policy_of(a=999.0, b=0.001))["arn"]
    return arn


@pytest.fixture
def queue(batch: Any, environment: Make, policy: str, wait_for: Make) -> str:
    """The name of a VALID queue with that policy, on one vCPU of Fargate."""
    order = [{"order": 1, "computeEnvironment": environment(maxvCpus=1)}]
    batch.create_job_queue(
        jobQueueName="queue", priority=1, computeEnvironmentOrder=order, schedulingPolicyArn=policy
    )
    wait_for(lambda: queue_of(batch, "queue")["status"] == "VALID")
    return "queue"


@pytest.fixture(autouse=True)
def counted(app: Any, account: str) -> Iterator[None]:
    """After each test, what is counted of its shares is what there is."""
    yield
    assert miscounted(app, account) == []


@pytest.fixture
def share(submit: Make) -> Make:
    """`share("a", 3)`: the id of a job of share a with priority 3, that takes the whole environment."""

    def make(name: str, priority: int = 1, script: str = "true", **request: Any) -> str:
        given = {"shareIdentifier": name, "schedulingPriorityOverride": priority, **request}
        job_id: str = submit(script, containerOverrides=WHOLE, **given)
        return job_id

    return make


def front_of(batch: Any) -> list[str]:
    """The ids at the front of the queue, as GetJobQueueSnapshot tells them."""
    told = batch.get_job_queue_snapshot(jobQueue="queue")["frontOfQueue"]["jobs"]
    return [one["jobArn"].rsplit("/", 1)[-1] for one in told]


def test_shares_have_their_turns_and_within_a_share_priority_decides(
    batch: Any, share: Make, reached: Make, wait_for: Make, policy: str
) -> None:
    held = share("a", script="sleep 600")
    reached(held, "RUNNING")
    low, high = share("a", 1), share("a", 5)
    older, array = share("b"), share("b", arrayProperties={"size": 2})
    expected = [older, f"{array}:0", f"{array}:1", high, low]
    wait_for(lambda: front_of(batch) == expected)
    batch.update_scheduling_policy(arn=policy, fairsharePolicy=policy_of(a=0.001, b=999.0))
    # The first turn is of the share that has used nothing, whatever its weight.
    expected = [older, high, low, f"{array}:0", f"{array}:1"]
    wait_for(lambda: front_of(batch) == expected)
    snapshot = batch.get_job_queue_snapshot(jobQueue="queue")
    one = [{"capacityUnit": "VCPU", "quantity": 1.0}]
    assert snapshot["queueUtilization"]["totalCapacityUsage"] == one
    assert snapshot["queueUtilization"]["fairshareUtilization"] == {
        "activeShareCount": 1,
        "topCapacityUtilization": [{"shareIdentifier": "a", "capacityUsage": one}],
    }
    batch.terminate_job(jobId=held, reason="done")
    ended = [reached(job_id) for job_id in expected]
    assert [job["status"] for job in ended] == ["SUCCEEDED"] * 5
    started = [job["startedAt"] for job in ended]
    assert started == sorted(started)
    told = [(job["shareIdentifier"], job["schedulingPriority"]) for job in ended]
    assert told == [("b", 1), ("a", 5), ("a", 1), ("b", 1), ("b", 1)]
    # A child is one job of the array: filters do not reach it.
    listed = batch.list_jobs(
        jobQueue="queue", filters=[{"name": "SHARE_IDENTIFIER", "values": ["b"]}], maxResults=1
    )
    rest = batch.list_jobs(
        jobQueue="queue",
        filters=[{"name": "SHARE_IDENTIFIER", "values": ["b"]}],
        nextToken=listed["nextToken"],
    )
    found = [*listed["jobSummaryList"], *rest["jobSummaryList"]]
    assert [(one["jobId"], one["shareIdentifier"]) for one in found] == [(array, "b"), (older, "b")]
    failed = batch.list_jobs(
        jobQueue="queue", jobStatus="FAILED", filters=[{"name": "SHARE_IDENTIFIER", "values": ["a"]}]
    )["jobSummaryList"]
    assert [one["jobId"] for one in failed] == [held]
    assert front_of(batch) == []


def test_what_is_counted_of_shares_follows_their_jobs(
    batch: Any, app: Any, account: str, share: Make, reached: Make, wait_for: Make
) -> None:
    """Retries, dependencies, arrays, cancels and the end of the queue."""
    again = share("a", script="exit 3", retryStrategy={"attempts": 2})
    assert len(reached(again)["attempts"]) == 2
    held = share("a", script="sleep 600")
    reached(held, "RUNNING")
    follows = share("b", dependsOn=[{"jobId": held}])
    array = share("b", arrayProperties={"size": 3})
    wait_for(lambda: len(front_of(batch)) == 3)
    batch.cancel_job(jobId=f"{array}:1", reason="not this")
    assert miscounted(app, account) == []
    batch.cancel_job(jobId=array, reason="none")
    reached(array)
    batch.terminate_job(jobId=held, reason="enough")
    assert reached(follows)["statusReason"] == "Dependent Job failed"
    last = share("c", script="sleep 600")
    reached(last, "RUNNING")
    share("c")
    with app.store.read() as tx:
        rows = {row.share: row for row in tx.all(select(share_usage).where(share_usage.c.account == account))}
    assert {name: row.unfinished for name, row in rows.items()} == {"a": 0, "b": 0, "c": 2}
    assert rows["a"].usage > 0 == rows["b"].usage
    assert (rows["c"].waiting, rows["c"].running_vcpus) == (1, 1.0)
    batch.update_job_queue(jobQueue="queue", state="DISABLED")
    wait_for(lambda: queue_of(batch, "queue")["status"] == "VALID")
    batch.delete_job_queue(jobQueue="queue")
    wait_for(lambda: queue_of(batch, "queue") is None)
    with app.store.read() as tx:
        assert tx.all(select(share_usage).where(share_usage.c.account == account)) == []


FIFO = (
    "Job with shareIdentifier or schedulingPriority can onlybe submitted to job queue with fair share"
    " scheduling policy."
)


def test_refusals_of_submissions(
    batch: Any, queue: str, define: Make, environment: Make, wait_for: Make
) -> None:
    order = [{"order": 1, "computeEnvironment": environment("other")}]
    batch.create_job_queue(jobQueueName="fifo", priority=1, computeEnvironmentOrder=order)
    wait_for(lambda: queue_of(batch, "fifo")["status"] == "VALID")
    plain, prior = define(), define(name="prior", schedulingPriority=7)

    def refused(name: str, definition: str = plain, **request: Any) -> str:
        with pytest.raises(ClientError) as error:
            batch.submit_job(jobName="j", jobQueue=name, jobDefinition=definition, **request)
        assert error.value.response["Error"]["Code"] == "ClientException"
        message: str = error.value.response["Error"]["Message"]
        return message

    assert refused("fifo", shareIdentifier="a") == FIFO
    assert refused("fifo", schedulingPriorityOverride=0) == FIFO
    assert refused(queue, prior) == "shareIdentifier must be specified."
    assert refused(queue, shareIdentifier="a") == (
        "Either schedulingPriority in job definition or schedulingPriorityOverride should be specified."
    )
    for share in ("a b", "*", "a" * 256):
        told = refused(queue, prior, shareIdentifier=share)
        assert told == "ShareIdentifier name should match a valid pattern."
    for priority in (-1, 10000):
        told = refused(queue, prior, shareIdentifier="a", schedulingPriorityOverride=priority)
        assert "Scheduling priority must be between 0 and 9999." in told
    with pytest.raises(ClientError, match=r"Scheduling priority must be between 0 and 9999\."):
        define(name="wrong", schedulingPriority=10000)
    shown = batch.describe_job_definitions(jobDefinitionName="prior")["jobDefinitions"][0]
    assert shown["schedulingPriority"] == 7
    # A definition's priority counts where there are shares, and nowhere else.
    batch.submit_job(jobName="j", jobQueue="fifo", jobDefinition=prior)
    job_id = batch.submit_job(jobName="j", jobQueue=queue, jobDefinition=prior, shareIdentifier="a")["jobId"]
    assert job_of(batch, job_id)["schedulingPriority"] == 7


def test_a_queue_keeps_its_kind(batch: Any, queue: str, policy: str, account: str, wait_for: Make) -> None:
    assert queue_of(batch, queue)["schedulingPolicyArn"] == policy
    with pytest.raises(ClientError, match="Cannot delete, found existing JobQueue relationship"):
        batch.delete_scheduling_policy(arn=policy)
    other = batch.create_scheduling_policy(name="other")["arn"]
    batch.update_job_queue(jobQueue=queue, schedulingPolicyArn=other)
    wait_for(lambda: queue_of(batch, queue)["status"] == "VALID")
    assert queue_of(batch, queue)["schedulingPolicyArn"] == other
    batch.delete_scheduling_policy(arn=policy)
    order = [{"order": 1, "computeEnvironment": "fargate"}]
    batch.create_job_queue(
        jobQueueName="fifo", priority=1, computeEnvironmentOrder=order, schedulingPolicyArn=""
    )
    wait_for(lambda: queue_of(batch, "fifo")["status"] == "VALID")
    assert "schedulingPolicyArn" not in queue_of(batch, "fifo")
    create = {"jobQueueName": "q", "priority": 1, "computeEnvironmentOrder": order}
    for operation, request, arn, text in (
        (
            "update_job_queue",
            {"jobQueue": "fifo"},
            other,
            "Only fairshare queues can have a scheduling policy.",
        ),
        ("update_job_queue", {"jobQueue": queue}, "", "Only scheduling policy Arn can be allowed."),
        ("update_job_queue", {"jobQueue": queue}, policy, f"SchedulingPolicy {policy} not found."),
        ("create_job_queue", create, policy, f"SchedulingPolicy {policy} not found."),
        ("create_job_queue", create, other.replace("us-east-1", "eu-west-1"), "not found."),
        (
            "create_job_queue",
            create,
            f"arn:aws:batch:us-east-1:{account}:job-queue/q",
            "Only scheduling policy Arn can be allowed.",
        ),
    ):
        with pytest.raises(ClientError) as refused:
            getattr(batch, operation)(**request, schedulingPolicyArn=arn)
        assert refused.value.response["Error"]["Message"].endswith(text)
    assert queue_of(batch, queue)["schedulingPolicyArn"] == other


def test_a_queue_has_at_most_500_active_shares(
    batch: Any, app: Any, account: str, queue: str, submit: Make
) -> None:
    with app.store.read() as tx:
        [row] = tx.all(select(job_queues).where(job_queues.c.account == account))
    now_ms = microseconds(app.clock.now()) // 1000
    long_ago = now_ms - timedelta(hours=2) // timedelta(milliseconds=1)
    mine = share_usage.c.account == account
    common = {"queue_id": row.id, "account": account, "running_vcpus": 0.0, "waiting": 0}
    busy = [{"share": f"s{n}", "usage": 0.0, "at_ms": now_ms, "unfinished": 1, **common} for n in range(498)]
    recent = {"share": "recent", "usage": 1.0, "at_ms": now_ms, "unfinished": 0, **common}
    faded = {"share": "faded", "usage": 1.0, "at_ms": long_ago, "unfinished": 0, **common}
    app.store.write(lambda tx: tx.run_many(insert(share_usage), [*busy, recent, faded]))
    try:
        # The share of long ago makes room for one more.
        one = submit(shareIdentifier="one", schedulingPriorityOverride=1)
        with pytest.raises(ClientError, match="at most 500 active share identifiers"):
            submit(shareIdentifier="two", schedulingPriorityOverride=1)
        submit(shareIdentifier="recent", schedulingPriorityOverride=1)
        assert job_of(batch, one)["shareIdentifier"] == "one"
    finally:
        made_up = mine & share_usage.c.share.like("s%")
        app.store.write(lambda tx: tx.run(delete(share_usage).where(made_up)))


def test_the_moment_of_each_place_at_the_front(
    batch: Any, app: Any, account: str, share: Make, reached: Make, wait_for: Make
) -> None:
    held = share("a", script="sleep 600")
    reached(held, "RUNNING")
    first, second = share("a", 3), share("a", 2)
    wait_for(lambda: front_of(batch) == [first, second])
    before = batch.get_job_queue_snapshot(jobQueue="queue")["frontOfQueue"]
    third = share("a", 1)
    wait_for(lambda: front_of(batch) == [first, second, third])
    with_third = batch.get_job_queue_snapshot(jobQueue="queue")["frontOfQueue"]
    assert with_third["jobs"][:2] == before["jobs"]
    assert with_third["jobs"][2]["earliestTimeAtPosition"] == with_third["lastUpdatedAt"]
    batch.cancel_job(jobId=second, reason="no")
    assert front_of(batch) == [first, third]
    wait_for(
        lambda: (
            batch.get_job_queue_snapshot(jobQueue="queue")["frontOfQueue"]["lastUpdatedAt"]
            > with_third["lastUpdatedAt"]
        )
    )
    after = batch.get_job_queue_snapshot(jobQueue="queue")["frontOfQueue"]["jobs"]
    assert after[0] == before["jobs"][0]
    assert after[1]["earliestTimeAtPosition"] > with_third["jobs"][2]["earliestTimeAtPosition"]
    with pytest.raises(ClientError, match="JobQueue missing not found"):
        batch.get_job_queue_snapshot(jobQueue="missing")


def test_a_queue_first_in_first_out_tells_its_front_and_what_runs(
    batch: Any, app: Any, account: str, queue: str, submit: Make, reached: Make, wait_for: Make
) -> None:
    app.store.write(
        lambda tx: tx.run(
            update(job_queues).where(job_queues.c.account == account).values(scheduling_policy_id=None)
        )
    )
    running = [submit("sleep 600") for _ in range(4)]
    for one in running:
        reached(one, "RUNNING")
    array = submit(arrayProperties={"size": 120})
    wait_for(lambda: len(front_of(batch)) == 100)
    assert front_of(batch) == [f"{array}:{index}" for index in range(100)]
    told = batch.get_job_queue_snapshot(jobQueue=queue)["queueUtilization"]
    assert told["totalCapacityUsage"] == [{"capacityUnit": "VCPU", "quantity": 1.0}]
    assert "fairshareUtilization" not in told
