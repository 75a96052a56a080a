"""Jobs that waited for another, which ended: RUNNABLE when it was the last, FAILED when it failed."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, delete, select

from batchyard.framework.controller import ActingAs, Again, Controller
from batchyard.framework.work import Key
from batchyard.scheduler.dependencies import Readiness, awaiting_index, readiness
from batchyard.scheduler.reasons import DEPENDENT_JOB_FAILED
from batchyard.services.batch.jobs import array_children, array_rows, job_rows
from batchyard.services.batch.jobs.array_rows import OPEN, SHUT
from batchyard.services.batch.jobs.depends_on import SEQUENTIAL
from batchyard.services.batch.jobs.job_endings import end_job, key_of, wake_placing
from batchyard.services.batch.jobs.job_rows import PLAIN
from batchyard.services.batch.jobs.states import ENDED, FAILED, PENDING, RUNNABLE
from batchyard.services.batch.rows import JobRow
from batchyard.services.batch.service import batch
from batchyard.services.batch.tables import job_dependencies
from batchyard.store.prepared import Prepared
from batchyard.store.transaction import Transaction

RELEASED_AT_ONCE = 200
_WAITING = Prepared(
    select(job_dependencies.c.waiting_job)
    .where(job_dependencies.c.on_job == bindparam("job"))
    .where(job_dependencies.c.kind == PLAIN)
    .limit(RELEASED_AT_ONCE)
)
_MET = Prepared(
    delete(job_dependencies)
    .where(job_dependencies.c.on_job == bindparam("on_job"))
    .where(job_dependencies.c.waiting_job == bindparam("waiting_job"))
    .where(job_dependencies.c.kind == PLAIN)
)
_UNMET = Prepared(
    select(job_dependencies.c.on_job)
    .where(job_dependencies.c.waiting_job == bindparam("job"))
    .where(job_dependencies.c.kind == PLAIN)
    .limit(1)
)
_WAIT_FOR_NONE = Prepared(delete(job_dependencies).where(job_dependencies.c.waiting_job == bindparam("job")))
_BY_INDEX = Prepared(
    select(job_dependencies.c.waiting_job, job_dependencies.c.kind)
    .where(job_dependencies.c.on_job == bindparam("array_parent"))
    .where(job_dependencies.c.kind != PLAIN)
)


@batch.controller
class ReleasingController(Controller):
    """One key is the id of a job that ended; its dependency rows are what is left to do."""

    name = "batch.releasing"

    def reconcile(self, keys: Sequence[Key], acting_as: ActingAs) -> Again | None:
        key = keys[0]
        more = self.write(lambda tx: self._release_some(tx, key))
        return Again(0) if more else None

    def _release_some(self, tx: Transaction, key: Key) -> bool:
        ended = job_rows.find_job(tx, account=key.account, region=key.region, job_id=key.name)
        if ended is None or ended.status not in ENDED:
            return False
        waiting = tx.all(_WAITING, job=ended.id)
        for one in waiting:
            tx.run(_MET, on_job=ended.id, waiting_job=one.waiting_job)
            row = job_rows.find(tx, one.waiting_job)
            if row is not None and row.status == PENDING:
                self._decide(tx, row, ended)
        if len(waiting) == RELEASED_AT_ONCE:
            return True
        if ended.array_parent is not None:
            self._release_by_index(tx, ended)
        return False

    def _decide(self, tx: Transaction, row: JobRow, ended: JobRow) -> None:
        """What stands in the table is unmet, so the ended job and one more tell all (batch-jobs.md 4)."""
        statuses = [ended.status]
        if tx.first(_UNMET, job=row.id) is not None:
            statuses.append(PENDING)
        verdict = readiness(statuses)
        if verdict is Readiness.WAIT:
            return
        if row.array_size is not None:
            self._turn_gate(tx, row, SHUT if verdict is Readiness.FAIL else OPEN)
        elif row.cancelled:
            end_job(tx, self.runtime, row, status=FAILED, reason=row.end_reason, now=self.now)
        elif verdict is Readiness.FAIL:
            end_job(tx, self.runtime, row, status=FAILED, reason=DEPENDENT_JOB_FAILED, now=self.now)
        else:
            job_rows.change(tx, row, now=self.now, status=RUNNABLE)
            wake_placing(tx, self.runtime, row)

    def _turn_gate(self, tx: Transaction, parent: JobRow, gate: str) -> None:
        """All children of an array are to be judged anew: what they waited for as a whole has ended."""
        if gate == SHUT:
            tx.run(_WAIT_FOR_NONE, job=parent.id)
        array_rows.advance(tx, array_rows.require(tx, parent.id), gate=gate, judged_to=0)
        self.intend(tx, key_of(parent, "batch.arrays", parent.job_id))

    def _release_by_index(self, tx: Transaction, child: JobRow) -> None:
        """Judge the one child of each array that waits for this job; a child without a row is judged when it gets it.

        In a sequence all that follow a failed child fail with it.
        """
        if child.array_index is None:
            return
        for one in tx.all(_BY_INDEX, array_parent=child.array_parent):
            parent = job_rows.find(tx, one.waiting_job)
            if parent is None or parent.array_size is None or parent.status in ENDED:
                continue
            if one.kind == SEQUENTIAL and child.status == FAILED:
                self._turn_gate(tx, parent, SHUT)
                continue
            index = awaiting_index(one.kind, index=child.array_index, size=parent.array_size)
            if index is not None:
                array = array_rows.require(tx, parent.id)
                verdicts = array_children.judge(tx, parent, array, [index])
                array_children.settle(tx, self.runtime, parent, array, verdicts, now=self.now)
