"""Jobs that waited for one that ended: RUNNABLE when it was the last, FAILED when it failed."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, delete, select

from batchyard.framework.controller import ActingAs, Again, Controller
from batchyard.framework.work import Key
from batchyard.scheduler.dependencies import Readiness, readiness
from batchyard.scheduler.reasons import DEPENDENT_JOB_FAILED
from batchyard.services.batch import job_rows
from batchyard.services.batch.job_endings import end_job, wake_placing
from batchyard.services.batch.service import batch
from batchyard.services.batch.states import ENDED, FAILED, PENDING, RUNNABLE
from batchyard.services.batch.tables import job_dependencies
from batchyard.store.prepared import Prepared, Row
from batchyard.store.transaction import Transaction

RELEASED_AT_ONCE = 200
_WAITING = Prepared(
    select(job_dependencies.c.waiting_job)
    .where(job_dependencies.c.on_job == bindparam("job"))
    .limit(RELEASED_AT_ONCE)
)
_MET = Prepared(
    delete(job_dependencies)
    .where(job_dependencies.c.on_job == bindparam("on_job"))
    .where(job_dependencies.c.waiting_job == bindparam("waiting_job"))
)
_UNMET = Prepared(
    select(job_dependencies.c.on_job).where(job_dependencies.c.waiting_job == bindparam("job")).limit(1)
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
        return len(waiting) == RELEASED_AT_ONCE

    def _decide(self, tx: Transaction, row: Row, ended: Row) -> None:
        """What stands in the table is unmet, so the ended job and one more tell all (batch-jobs.md 4)."""
        statuses = [ended.status]
        if tx.first(_UNMET, job=row.id) is not None:
            statuses.append(PENDING)
        verdict = readiness(statuses)
        if verdict is Readiness.WAIT:
            return
        if row.cancelled:
            end_job(tx, self.runtime, row, status=FAILED, reason=row.end_reason, now=self.now)
        elif verdict is Readiness.FAIL:
            end_job(tx, self.runtime, row, status=FAILED, reason=DEPENDENT_JOB_FAILED, now=self.now)
        else:
            job_rows.change(tx, row, status=RUNNABLE)
            wake_placing(tx, self.runtime, row)
