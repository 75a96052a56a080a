"""A queue whose whole front waits: submissions behind it wake no round of placing, and run once it is their turn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from batchyard.services.batch.jobs.job_rows import front_of
from batchyard.services.batch.queues.queue_lines import FRONT
from batchyard.services.batch.resources import job_queue
from services.batch.environments import settled


def test_behind_a_front_that_waits(
    app: Any,
    batch: Any,
    account: str,
    queue: str,
    submit: Callable[..., str],
    define: Callable[..., str],
    reached: Any,
    wait_for: Any,
) -> None:
    batch.update_compute_environment(computeEnvironment="fargate", state="DISABLED")
    settled(batch, "fargate")
    definition = define()
    front = [submit(definition=definition) for _ in range(FRONT)]

    def front_is_known() -> bool:
        with app.store.read() as tx:
            where = {"account": account, "partition": "aws", "region": "us-east-1"}
            row = job_queue.find_named(tx, where, queue)
            assert row is not None
            return bool(tx.remembered(front_of(row.id)))

    wait_for(front_is_known)
    controller = next(one for one in app._controllers if one.name == "batch.placing")
    before = controller.details()["rounds"]
    behind = [submit(definition=definition) for _ in range(50)]
    # Each of them would have woken one; what is looked at every few seconds anyway may come in between.
    assert controller.details()["rounds"] - before <= 5
    for job in [*front, *behind[:-1]]:
        batch.cancel_job(jobId=job, reason="not needed")
    batch.update_compute_environment(computeEnvironment="fargate", state="ENABLED")
    assert reached(behind[-1], "SUCCEEDED", "FAILED")["status"] == "SUCCEEDED"
