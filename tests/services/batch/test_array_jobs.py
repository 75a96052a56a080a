"""Array jobs: a parent with its children, what they wait for, and their end together or one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from sqlalchemy import delete, func, select, update

from batchyard.config import Settings
from batchyard.services.batch.jobs import job_rows
from batchyard.services.batch.jobs.arrays import AT_ONCE, ArraysController
from batchyard.services.batch.jobs.job_endings import KEPT, key_of
from batchyard.services.batch.tables import attempts, job_arrays, job_specs, jobs
from conftest import PACE, Serving
from services.batch.conftest import job_of

Make = Callable[..., Any]
INDEX = "$AWS_BATCH_JOB_ARRAY_INDEX"


@pytest.fixture(scope="module")
def serving() -> Iterator[Serving]:
    """A server whose clock can be advanced, and whose controllers can be held up."""
    one = Serving(Settings(ephemeral=True, port=0, pace=PACE, slots=8, test_clock=True))
    yield one
    one.close()


@pytest.fixture
def array(submit: Make) -> Make:
    """`array("exit 1", 3, dependsOn=…)`: the id of an array job."""

    def make(script: str = "true", size: int = 3, **request: Any) -> str:
        job_id: str = submit(script, arrayProperties={"size": size}, **request)
        return job_id

    return make


@pytest.fixture
def held(app: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """No children are made but the last of each array, until it is called."""
    whole = ArraysController.reconcile
    monkeypatch.setattr(ArraysController, "reconcile", lambda *_: None)

    def let_go() -> None:
        monkeypatch.setattr(ArraysController, "reconcile", whole)
        controller = next(one for one in app._controllers if one.name == "batch.arrays")
        with app.store.read() as tx:
            parents = tx.all(select(jobs).where(jobs.c.array_size.is_not(None)))
        for row in parents:
            key = key_of(row, "batch.arrays", row.job_id)
            app.store.write(lambda tx, key=key: controller.intend(tx, key))

    return let_go


def summary_of(batch: Any, job_id: str) -> dict[str, int]:
    """The statuses that some of the children have."""
    counts = job_of(batch, job_id)["arrayProperties"]["statusSummary"]
    assert len(counts) == 7
    return {status: count for status, count in counts.items() if count}


def children(batch: Any, job_id: str, size: int) -> list[Any]:
    return [job_of(batch, f"{job_id}:{index}") for index in range(size)]


def test_a_parent_and_its_children_as_they_are_shown(
    batch: Any, queue: str, array: Make, reached: Make, said: Make, account: str
) -> None:
    job_id = array(f"echo index {INDEX} of $AWS_BATCH_JOB_ID", 3, tags={"made": "with"})
    parent = reached(job_id)
    assert (parent["status"], parent.get("statusReason")) == ("SUCCEEDED", None)
    shown = parent["arrayProperties"]
    assert shown["size"] == 3
    assert summary_of(batch, job_id) == {"SUCCEEDED": 3}
    assert parent["createdAt"] <= shown["statusSummaryLastUpdatedAt"] <= parent["stoppedAt"] + 1
    assert (parent["attempts"], parent["tags"]) == ([], {"made": "with"})
    for index, child in enumerate(children(batch, job_id, 3)):
        assert child["jobId"] == f"{job_id}:{index}"
        assert child["jobArn"] == f"arn:aws:batch:us-east-1:{account}:job/{job_id}:{index}"
        assert child["arrayProperties"] == {"index": index}
        assert (child["status"], child["jobName"], child["tags"]) == ("SUCCEEDED", parent["jobName"], {})
        assert len(child["attempts"]) == 1
        assert child["container"]["command"] == parent["container"]["command"]
        assert said(child) == [f"index {index} of {job_id}:{index}"]
    [listed] = batch.list_jobs(jobQueue=queue, jobStatus="SUCCEEDED")["jobSummaryList"]
    assert (listed["jobId"], listed["arrayProperties"]) == (job_id, shown)


def test_a_failed_child_fails_the_parent_after_its_own_retries(
    batch: Any, array: Make, reached: Make
) -> None:
    job_id = array(f"test {INDEX} != 1", 3, retryStrategy={"attempts": 2})
    parent = reached(job_id)
    assert (parent["status"], parent["statusReason"]) == ("FAILED", "Array Child Job failed")
    assert summary_of(batch, job_id) == {"SUCCEEDED": 2, "FAILED": 1}
    assert [len(child["attempts"]) for child in children(batch, job_id, 3)] == [1, 2, 1]


def test_children_one_after_the_other(batch: Any, array: Make, reached: Make) -> None:
    job_id = array("true", 3, dependsOn=[{"type": "SEQUENTIAL"}])
    assert reached(job_id)["status"] == "SUCCEEDED"
    first, second, third = children(batch, job_id, 3)
    assert first["stoppedAt"] <= second["startedAt"]
    assert second["stoppedAt"] <= third["startedAt"]


def test_after_a_failed_child_no_other_follows(batch: Any, array: Make, reached: Make) -> None:
    job_id = array(f"test {INDEX} != 1", 4, dependsOn=[{"type": "SEQUENTIAL"}])
    assert reached(job_id)["status"] == "FAILED"
    reasons = [child["statusReason"] for child in children(batch, job_id, 4)]
    assert reasons == ["Essential container in task exited"] * 2 + ["Dependent Job failed"] * 2


def test_child_by_child(batch: Any, array: Make, reached: Make) -> None:
    """N_TO_N over three arrays: what fails at one index fails at that one alone."""
    first = array(f"sleep 0.$((9 - {INDEX})); test {INDEX} != 2", 4)
    second = array("true", 4, dependsOn=[{"jobId": first, "type": "N_TO_N"}])
    third = array("true", 4, dependsOn=[{"jobId": second, "type": "N_TO_N"}])
    assert reached(third)["status"] == "FAILED"
    for one in (second, third):
        statuses = [child["status"] for child in children(batch, one, 4)]
        assert statuses == ["SUCCEEDED", "SUCCEEDED", "FAILED", "SUCCEEDED"]
        assert job_of(batch, f"{one}:2")["statusReason"] == "Dependent Job failed"
    for before, after in zip(children(batch, first, 4), children(batch, second, 4), strict=True):
        assert after["status"] == "FAILED" or before["stoppedAt"] <= after["startedAt"]
    late = array("true", 4, dependsOn=[{"jobId": first, "type": "N_TO_N"}])
    assert reached(late)["status"] == "FAILED"
    assert summary_of(batch, late) == {"SUCCEEDED": 3, "FAILED": 1}


def test_jobs_wait_for_arrays_and_arrays_for_jobs(
    batch: Any, array: Make, submit: Make, reached: Make
) -> None:
    good, bad = submit("sleep 0.3"), submit("sleep 0.3; exit 1")
    on_good, on_bad = (array("true", 3, dependsOn=[{"jobId": one}]) for one in (good, bad))
    on_array = submit(dependsOn=[{"jobId": on_good}])
    on_child = array("true", 2, dependsOn=[{"jobId": f"{on_good}:1"}])
    on_failed_child = submit(dependsOn=[{"jobId": f"{on_bad}:0"}])
    assert summary_of(batch, on_good).keys() <= {"SUBMITTED", "PENDING"}
    assert reached(on_array)["startedAt"] >= reached(on_good)["stoppedAt"]
    assert reached(on_child)["status"] == "SUCCEEDED"
    assert reached(on_bad)["statusReason"] == "Array Child Job failed"
    assert {one["statusReason"] for one in children(batch, on_bad, 3)} == {"Dependent Job failed"}
    assert reached(on_failed_child)["statusReason"] == "Dependent Job failed"


@pytest.mark.parametrize(
    ("request_", "text"),
    [
        ({"arrayProperties": {"size": 1}}, "Array size"),
        ({"arrayProperties": {"size": 10_001}}, "Array size"),
        ({"arrayProperties": {"size": 0}}, "Array size"),
        ({"dependsOn": [{"type": "SEQUENTIAL"}]}, "can only be used with an array job"),
        ({"arrayProperties": {"size": 2}, "dependsOn": [{"type": "N_TO_N"}]}, "must have a jobId"),
        ({"arrayProperties": {"size": 2}, "dependsOn": [{"jobId": "x", "type": "SEQUENTIAL"}]}, "jobId"),
    ],
    ids=str,
)
def test_refusals(batch: Any, submit: Make, queue: str, request_: Any, text: str) -> None:
    with pytest.raises(ClientError, match=text) as refused:
        submit(**request_)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert batch.list_jobs(jobQueue=queue, jobStatus="PENDING")["jobSummaryList"] == []


def test_dependencies_that_are_refused(array: Make, submit: Make) -> None:
    job_id, other = array("sleep 60", 3), submit("sleep 60")
    for on in (job_id, other, f"{job_id}:1"):
        with pytest.raises(ClientError, match="is not an array job of the size 2"):
            array("true", 2, dependsOn=[{"jobId": on, "type": "N_TO_N"}])
    for absent in (f"{job_id}:3", f"{job_id}:01", f"{job_id}:", f"{other}:0", ":0"):
        with pytest.raises(ClientError, match="does not exist"):
            submit(dependsOn=[{"jobId": absent}])


def test_a_page_of_children(batch: Any, queue: str, array: Make, reached: Make) -> None:
    job_id = array(f"test {INDEX} != 2", 5)
    reached(job_id)
    pages = batch.get_paginator("list_jobs").paginate(
        arrayJobId=job_id, jobStatus="SUCCEEDED", PaginationConfig={"PageSize": 3}
    )
    listed = [page["jobSummaryList"] for page in pages]
    assert [[one["arrayProperties"]["index"] for one in page] for page in listed] == [[0, 1, 3], [4]]
    assert listed[0][0]["container"] == {"exitCode": 0}
    assert batch.list_jobs(arrayJobId=job_id)["jobSummaryList"] == []
    assert batch.list_jobs(arrayJobId="none")["jobSummaryList"] == []
    for wrong in ({"jobQueue": queue}, {"filters": [{"name": "JOB_NAME", "values": ["job"]}]}):
        with pytest.raises(ClientError, match="arrayJobId"):
            batch.list_jobs(arrayJobId=job_id, **wrong)
    with pytest.raises(ClientError):
        batch.list_jobs(arrayJobId=job_id, nextToken="made up")


def test_children_without_a_row_are_listed(
    app: Any, account: str, batch: Any, array: Make, submit: Make, wait_for: Make
) -> None:
    """As they stand while they are still to be made; the one between has been, as somebody cancelled it."""
    job_id = array("true", 6, dependsOn=[{"jobId": submit("sleep 600")}])
    listed = lambda **more: [  # noqa: E731
        one["arrayProperties"]["index"]
        for page in batch.get_paginator("list_jobs").paginate(arrayJobId=job_id, **more)
        for one in page["jobSummaryList"]
    ]
    wait_for(lambda: listed(jobStatus="PENDING") == [*range(6)])

    def unmake(tx: Any) -> None:
        parent = job_rows.find_job(tx, account=account, region="us-east-1", job_id=job_id)
        assert parent is not None
        of = jobs.c.array_parent == parent.id
        tx.run(delete(jobs).where(of).where(jobs.c.array_index.not_in([2, 5])))
        tx.run(update(jobs).where(of).where(jobs.c.array_index == 5).values(status="SUBMITTED"))
        tx.run(update(job_arrays).where(job_arrays.c.parent == parent.id).values(made_to=0))

    app.store.write(unmake)
    assert listed(jobStatus="SUBMITTED", PaginationConfig={"PageSize": 2}) == [0, 1, 3, 4, 5]
    assert listed(jobStatus="PENDING") == [2]


def test_cancel_ends_what_does_not_run_and_terminate_all(
    batch: Any, array: Make, reached: Make, wait_for: Make
) -> None:
    job_id = array("sleep 600", 1200)
    wait_for(lambda: summary_of(batch, job_id).get("RUNNING", 0) > 0)
    batch.cancel_job(jobId=job_id, reason="too many")
    wait_for(lambda: summary_of(batch, job_id).keys() <= {"STARTING", "RUNNING", "FAILED"})
    running = summary_of(batch, job_id)
    assert running["FAILED"] >= 1200 - 100
    assert job_of(batch, job_id)["status"] == "PENDING"
    last = job_of(batch, f"{job_id}:1199")
    assert (last["status"], last["statusReason"], last["isCancelled"]) == ("FAILED", "too many", True)
    batch.terminate_job(jobId=job_id, reason="enough")
    parent = reached(job_id)
    assert (parent["status"], parent["statusReason"]) == ("FAILED", "enough")
    assert (parent["isCancelled"], parent["isTerminated"]) == (True, True)
    assert summary_of(batch, job_id) == {"FAILED": 1200}
    stopped = [child for child in children(batch, job_id, 8) if child["attempts"]]
    assert stopped
    assert {child["statusReason"] for child in stopped} == {"enough"}


def test_one_child_is_ended_alone(batch: Any, array: Make, reached: Make) -> None:
    job_id = array("sleep 600", 2)
    reached(f"{job_id}:1", "RUNNING")
    batch.terminate_job(jobId=f"{job_id}:1", reason="this one")
    child = reached(f"{job_id}:1")
    assert (child["statusReason"], child["isTerminated"]) == ("this one", True)
    assert reached(f"{job_id}:0", "RUNNING")
    assert job_of(batch, job_id)["status"] == "PENDING"


def test_a_child_is_there_before_it_has_a_row(
    batch: Any, array: Make, submit: Make, reached: Make, held: Make, wait_for: Make
) -> None:
    """Named, depended on and cancelled; and no other job gets its place meanwhile."""
    job_id = array("true", 5)
    later = submit("true")
    assert summary_of(batch, job_id)["SUBMITTED"] == 5
    child = job_of(batch, f"{job_id}:2")
    assert (child["status"], child["arrayProperties"]) == ("SUBMITTED", {"index": 2})
    waiting = submit("true", dependsOn=[{"jobId": f"{job_id}:1"}])
    doomed = submit("true", dependsOn=[{"jobId": f"{job_id}:3"}])
    batch.cancel_job(jobId=f"{job_id}:3", reason="not that")
    child = job_of(batch, f"{job_id}:3")
    assert (child["status"], child["statusReason"]) == ("FAILED", "not that")
    assert reached(doomed)["statusReason"] == "Dependent Job failed"
    assert reached(later)["status"] == "SUCCEEDED"
    assert job_of(batch, waiting)["status"] == "PENDING"
    held()
    assert reached(waiting)["status"] == "SUCCEEDED"
    assert reached(job_id)["status"] == "FAILED"
    assert summary_of(batch, job_id) == {"SUCCEEDED": 4, "FAILED": 1}


def test_a_parent_is_cancelled_while_children_are_made(
    batch: Any, array: Make, reached: Make, held: Make
) -> None:
    size = 2 * AT_ONCE + 1
    job_id = array("true", size, dependsOn=[{"type": "SEQUENTIAL"}])
    batch.cancel_job(jobId=job_id, reason="never")
    held()
    assert reached(job_id)["statusReason"] == "never"
    assert summary_of(batch, job_id) == {"FAILED": size}


def test_a_cancelled_array_waits_for_what_it_waits_for(
    batch: Any, array: Make, submit: Make, reached: Make
) -> None:
    """As a single PENDING job does (batch-jobs.md 2)."""
    first = submit("sleep 600")
    job_id = array("true", 3, dependsOn=[{"jobId": first}])
    batch.cancel_job(jobId=job_id, reason="not wanted")
    reached(first, "RUNNING")
    assert job_of(batch, job_id)["status"] == "PENDING"
    batch.terminate_job(jobId=first, reason="over")
    assert reached(job_id)["statusReason"] == "not wanted"


def test_a_deleted_queue_ends_its_arrays(
    batch: Any, array: Make, queue: str, reached: Make, wait_for: Make, submit: Make
) -> None:
    first = submit("sleep 600")
    job_id = array("sleep 600", 40)
    waiting = array("true", 3, dependsOn=[{"jobId": first}])
    wait_for(lambda: summary_of(batch, job_id).get("RUNNING", 0) > 0)
    batch.update_job_queue(jobQueue=queue, state="DISABLED")
    wait_for(lambda: batch.describe_job_queues()["jobQueues"][0]["status"] == "VALID")
    batch.delete_job_queue(jobQueue=queue)
    for one in (job_id, waiting):
        assert reached(one)["statusReason"] == "JobQueue deleted"
        assert summary_of(batch, one).keys() == {"FAILED"}
    wait_for(lambda: batch.describe_job_queues()["jobQueues"] == [])


def test_children_are_forgotten_with_their_parent(
    app: Any, batch: Any, array: Make, reached: Make, wait_for: Make, account: str
) -> None:
    job_id = array(f"[ {INDEX} != 1 ] || sleep 600", 2)
    reached(f"{job_id}:0")
    reached(f"{job_id}:1", "RUNNING")
    app.clock.advance(KEPT.total_seconds() + 60)
    batch.terminate_job(jobId=f"{job_id}:1", reason="r")
    reached(job_id)
    assert job_of(batch, f"{job_id}:0")["status"] == "SUCCEEDED"
    app.clock.advance(KEPT.total_seconds() + 60)
    wait_for(lambda: batch.describe_jobs(jobs=[job_id])["jobs"] == [])

    def left() -> int:
        with app.store.read() as tx:
            tables = (jobs, attempts, job_arrays, job_specs)
            counts = (select(func.count()).select_from(one).where(one.c.account == account) for one in tables)
            return sum(tx.first(one)[0] for one in counts)

    wait_for(lambda: left() == 0)
