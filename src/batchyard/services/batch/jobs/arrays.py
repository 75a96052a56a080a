"""Array jobs: makes their children, judges them once what all waited for has ended, ends them with their parent."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam

from batchyard.framework.controller import ActingAs, Again, Controller
from batchyard.framework.work import Key
from batchyard.services.batch.jobs import array_children, array_rows, job_rows
from batchyard.services.batch.jobs.array_rows import WAITING
from batchyard.services.batch.jobs.job_endings import end_job
from batchyard.services.batch.jobs.states import ENDED, FAILED, PENDING, PLACED, RUNNABLE
from batchyard.services.batch.jobs.stopping import stop
from batchyard.services.batch.rows import ArrayRow, JobRow
from batchyard.services.batch.service import batch
from batchyard.services.batch.tables import jobs
from batchyard.store.prepared import Prepared
from batchyard.store.transaction import Transaction

AT_ONCE = 500
"""How many children one write makes or changes: other writers wait for so many."""

_CHILDREN = (
    job_rows.JOBS.where(jobs.c.array_parent == bindparam("parent"))
    .where(jobs.c.status == bindparam("status"))
    .where(jobs.c.array_index >= bindparam("first"))
    .order_by(jobs.c.array_index)
    .limit(AT_ONCE)
)
_BY_STATUS = Prepared(_CHILDREN)
_NOT_TOLD = Prepared(_CHILDREN.where(jobs.c.terminated.is_(False)))


@batch.controller
class ArraysController(Controller):
    """One key is the id of an array job's parent."""

    name = "batch.arrays"

    def reconcile(self, keys: Sequence[Key], acting_as: ActingAs) -> Again | None:
        key = keys[0]
        return Again(0) if self.write(lambda tx: self._go_on(tx, key)) else None

    def _go_on(self, tx: Transaction, key: Key) -> bool:
        """Do one chunk of what is left to do; False where nothing is."""
        parent = job_rows.find_job(tx, account=key.account, region=key.region, job_id=key.name)
        if parent is None or parent.array_size is None or parent.status in ENDED:
            return False
        array = array_rows.require(tx, parent.id)
        if (parent.cancelled or parent.terminated) and self._end_some(tx, parent):
            return True
        if array.made_to < array.size:
            self._make_some(tx, parent, array)
            return True
        if array.gate != WAITING and array.judged_to < array.size:
            self._judge_some(tx, parent, array)
            return True
        return False

    def _end_some(self, tx: Transaction, parent: JobRow) -> bool:
        """End children that wait for their turn; those of a terminated parent that run, too."""
        waiting = tx.all(_BY_STATUS, parent=parent.id, status=RUNNABLE, first=0)
        for row in waiting:
            reason = parent.end_reason
            end_job(tx, self.runtime, row, status=FAILED, reason=reason, now=self.now, cancelled=True)
        if waiting or not parent.terminated:
            return bool(waiting)
        placed = [
            row for status in PLACED for row in tx.all(_NOT_TOLD, parent=parent.id, status=status, first=0)
        ]
        for row in placed:
            stop(tx, self.runtime, row, reason=parent.end_reason or "", now=self.now)
        return bool(placed)

    def _make_some(self, tx: Transaction, parent: JobRow, array: ArrayRow) -> None:
        """Make the next children; what was judged before the gate changed is judged anew with the others."""
        end = min(array.made_to + AT_ONCE, array.size)
        indexes = range(array.made_to, end)
        array_rows.advance(tx, array, made_to=end)
        array_children.make(tx, self.runtime, parent, array, indexes, now=self.now)

    def _judge_some(self, tx: Transaction, parent: JobRow, array: ArrayRow) -> None:
        rows = tx.all(_BY_STATUS, parent=parent.id, status=PENDING, first=array.judged_to)
        end = rows[-1].array_index + 1 if len(rows) == AT_ONCE else array.size
        array_rows.advance(tx, array, judged_to=end)
        verdicts = array_children.judge(tx, parent, array, [row.array_index for row in rows])
        array_children.settle(tx, self.runtime, parent, array, verdicts, now=self.now)
