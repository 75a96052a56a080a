"""What a server that went down leaves half done: intents without an answer, and answers that come twice."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import select, update

from batchyard.config import Settings
from batchyard.framework.work import Key, work
from batchyard.services.batch.placing.starting import Starter
from batchyard.services.batch.tables import attempts
from conftest import PACE, Serving
from services.batch.conftest import job_of

Make = Callable[..., Any]


class Crash(Exception):
    """The server went down here."""


@pytest.fixture(scope="module")
def serving() -> Iterator[Serving]:
    """A server of this module alone: its controllers are made to fail."""
    one = Serving(Settings(ephemeral=True, port=0, pace=PACE, slots=8))
    yield one
    one.close()


def tasks_of(aws: Make, job_id: str) -> list[Any]:
    """Every task that was started for a job."""
    ecs = aws("ecs")
    [cluster] = ecs.list_clusters()["clusterArns"]
    arns = [
        arn
        for status in ("RUNNING", "STOPPED")
        for arn in ecs.list_tasks(cluster=cluster, desiredStatus=status, startedBy=job_id)["taskArns"]
    ]
    return list(ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"]) if arns else []


@pytest.mark.parametrize("step", ["_ask", "_conclude"])
def test_a_start_whose_answer_was_lost_is_one_task(
    monkeypatch: pytest.MonkeyPatch, aws: Make, submit: Make, reached: Make, caplog: Any, step: str
) -> None:
    """Before RunTask, or after it and before its answer was written: asked again, it is the same task."""
    whole = getattr(Starter, step)
    crashes: list[Any] = []

    def crash_once(self: Starter, *arguments: Any) -> Any:
        if not crashes:
            crashes.append(arguments)
            raise Crash
        return whole(self, *arguments)

    monkeypatch.setattr(Starter, step, crash_once)
    job = reached(job_id := submit("echo once"))
    assert crashes
    assert job["status"] == "SUCCEEDED"
    assert len(job["attempts"]) == 1
    assert [one["taskArn"] for one in tasks_of(aws, job_id)] == [job["container"]["taskArn"]]


def test_a_task_that_ends_before_its_answer_is_written_is_not_missed(
    monkeypatch: pytest.MonkeyPatch, aws: Make, submit: Make, reached: Make, wait_for: Make
) -> None:
    """What ECS announces then names a task that no job is known to have."""
    whole = Starter._conclude
    has_ended = threading.Event()

    def conclude_late(self: Starter, tx: Any, answers: Any) -> None:
        if not has_ended.is_set():
            raise Crash
        whole(self, tx, answers)

    monkeypatch.setattr(Starter, "_conclude", conclude_late)
    job_id = submit("exit 4")
    wait_for(lambda: [one["lastStatus"] for one in tasks_of(aws, job_id)] == ["STOPPED"])
    has_ended.set()
    assert reached(job_id)["container"]["exitCode"] == 4


def test_a_task_that_ecs_has_forgotten_fails_its_job(
    app: Any, batch: Any, submit: Make, reached: Make
) -> None:
    job_id = submit("sleep 600")
    reached(job_id, "RUNNING")

    def lose(tx: Any) -> Any:
        task_arn = tx.first(select(attempts.c.task_arn).where(attempts.c.stopped_ms.is_(None))).task_arn
        tx.run(update(attempts).values(task_arn=task_arn[:-4] + "0000"))
        return tx.first(select(attempts))

    running = app.store.write(lose)
    key = Key(
        "batch.watching",
        running.account,
        "aws",
        "us-east-1",
        running.task_arn,
        running.cluster_arn,
    )
    watching = next(one for one in app._controllers if one.name == "batch.watching")
    app.store.write(lambda tx: watching.intend(tx, key))
    job = reached(job_id)
    assert (job["status"], job["statusReason"]) == ("FAILED", "Host EC2 terminated.")
    assert job_of(batch, job_id)["attempts"][0]["container"].get("exitCode") is None


def test_nothing_is_left_to_do_once_all_jobs_have_ended(
    app: Any, account: str, submit: Make, reached: Make, wait_for: Make
) -> None:
    """No work row but the sweep's, and no note of a running job: an idle account costs nothing."""
    for script in ("true", "false"):
        reached(submit(script))

    def left() -> set[str]:
        with app.store.read() as tx:
            live = select(attempts).where(attempts.c.account == account, attempts.c.stopped_ms.is_(None))
            assert tx.all(live) == []
            rows = tx.all(select(work.c.controller).where(work.c.account == account))
        return {row.controller for row in rows if row.controller.startswith("batch.")}

    wait_for(lambda: left() == {"batch.sweeping"})
