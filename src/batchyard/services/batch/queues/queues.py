"""Job queues: from CREATING and UPDATING to VALID, and the end of a queue with its jobs."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select, update

from batchyard.framework.controller import ActingAs, Again, Controller
from batchyard.framework.place import place
from batchyard.framework.work import Key
from batchyard.scheduler.reasons import JOB_QUEUE_DELETED
from batchyard.services.batch.jobs import job_rows
from batchyard.services.batch.jobs.job_endings import end_job
from batchyard.services.batch.jobs.states import FAILED, PENDING, PLACED, WAITING
from batchyard.services.batch.jobs.stopping import end_array, stop
from batchyard.services.batch.queues import queue_fronts, share_usage
from batchyard.services.batch.queues.queue_lines import of_queue, read
from batchyard.services.batch.reasons import QUEUE_HEALTHY
from batchyard.services.batch.resources import job_queue
from batchyard.services.batch.rows import JobId, JobRow
from batchyard.services.batch.service import batch
from batchyard.services.batch.tables import job_queues, jobs, queue_environments
from batchyard.store.prepared import Row
from batchyard.store.transaction import Transaction

ENDED_AT_ONCE = 100
_NO_PARENT = jobs.c.array_size.is_(None)
_SOME = of_queue(job_rows.JOBS.where(_NO_PARENT), JobRow, most=ENDED_AT_ONCE)
_ARRAY_LEFT = of_queue(select(jobs.c.id).where(jobs.c.array_size.is_not(None)), JobId, most=1)
_ARRAYS_NOT_TOLD = of_queue(
    job_rows.JOBS.where(jobs.c.array_size.is_not(None)).where(jobs.c.terminated.is_(False)),
    JobRow,
    most=ENDED_AT_ONCE,
)
_LEFT = of_queue(select(jobs.c.id), JobId, most=1)
_NOT_TOLD = of_queue(job_rows.JOBS.where(jobs.c.terminated.is_(False)), JobRow, most=ENDED_AT_ONCE)


@batch.controller
class QueuesController(Controller):
    """One key is one queue's name."""

    name = "batch.queues"

    def reconcile(self, keys: Sequence[Key], acting_as: ActingAs) -> Again | None:
        key = keys[0]
        with self.read() as tx:
            row = job_queue.find_named(tx, place(key), key.name)
        if row is None or row.status not in ("CREATING", "UPDATING", "DELETING"):
            return None
        if row.status != "DELETING":
            self.write(lambda tx: self._make_valid(tx, key, row))
            return None
        if self.write(lambda tx: self._end_waiting(tx, row)):
            return Again(0)
        if self.write(lambda tx: self._end_placed(tx, row)):
            return Again(max(0.1, self.runtime.settings.pace))
        self.write(lambda tx: _remove(tx, row))
        return None

    def _make_valid(self, tx: Transaction, key: Key, row: Row) -> None:
        tx.run(
            update(job_queues)
            .where(job_queues.c.id == row.id)
            .where(job_queues.c.status == row.status)
            .values(status="VALID", status_reason=QUEUE_HEALTHY)
        )
        self.intend(tx, Key("batch.placing", key.account, key.partition, key.region, "queues"))

    def _end_waiting(self, tx: Transaction, queue: Row) -> bool:
        """End some of the jobs that have no task; True while there are more."""
        for status in WAITING:
            rows = read(tx, _SOME, queue_id=queue.id, status=status)
            self._end_parents(tx, rows)
            for row in rows:
                end_job(tx, self.runtime, row, status=FAILED, reason=JOB_QUEUE_DELETED, now=self.now)
            if rows:
                return True
        # Only parents are left: children may be still to be made.
        for row in read(tx, _ARRAYS_NOT_TOLD, queue_id=queue.id, status=PENDING):
            end_array(tx, self.runtime, row, reason=JOB_QUEUE_DELETED, running_too=True, now=self.now)
        return False

    def _end_parents(self, tx: Transaction, rows: Sequence[Row]) -> None:
        """Before the children, so that their parents have the same reason."""
        parents = job_rows.find_some(tx, sorted({row.array_parent for row in rows if row.array_parent}))
        for row in parents.values():
            end_array(tx, self.runtime, row, reason=JOB_QUEUE_DELETED, running_too=True, now=self.now)

    def _end_placed(self, tx: Transaction, queue: Row) -> bool:
        """Have the tasks of the other jobs stopped; True while there are some, or children of arrays to be made."""
        left = bool(read(tx, _ARRAY_LEFT, queue_id=queue.id, status=PENDING))
        for status in PLACED:
            rows = read(tx, _NOT_TOLD, queue_id=queue.id, status=status)
            self._end_parents(tx, rows)
            for row in rows:
                stop(tx, self.runtime, row, reason=JOB_QUEUE_DELETED, now=self.now)
            left = left or bool(read(tx, _LEFT, queue_id=queue.id, status=status))
        return left


def _remove(tx: Transaction, queue: Row) -> None:
    tx.run(delete(queue_environments).where(queue_environments.c.queue_id == queue.id))
    share_usage.forget_all(tx, queue.id)
    queue_fronts.forget(tx, queue.id)
    tx.run(delete(job_queues).where(job_queues.c.id == queue.id))
