"""Ended jobs are forgotten after seven days: one sweep for an account and Region, by index."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, delete, func, select

from batchyard.clock import microseconds
from batchyard.framework.controller import ActingAs, Again, Controller
from batchyard.framework.work import Key
from batchyard.services.batch.job_endings import KEPT
from batchyard.services.batch.service import batch
from batchyard.services.batch.tables import attempts, jobs
from batchyard.store.prepared import Prepared, among
from batchyard.store.transaction import Transaction

SWEPT_AT_ONCE = 500
_MINE = (jobs.c.account == bindparam("of_account")) & (jobs.c.region == bindparam("of_region"))
_OLD = Prepared(
    select(jobs.c.id).where(_MINE).where(jobs.c.stopped_ms <= bindparam("until")).limit(SWEPT_AT_ONCE)
)
_SWEEP_ATTEMPTS = Prepared(
    delete(attempts).where(attempts.c.account == bindparam("of_account")).where(among(attempts.c.job, "jobs"))
)
_SWEEP = Prepared(delete(jobs).where(among(jobs.c.id, "jobs")))
_OLDEST = Prepared(select(func.min(jobs.c.stopped_ms).label("stopped_ms")).where(_MINE))


@batch.controller
class SweepingController(Controller):
    """Its only key in an account and Region is `finished`."""

    name = "batch.sweeping"

    def reconcile(self, keys: Sequence[Key], acting_as: ActingAs) -> Again | None:
        key = keys[0]
        until = microseconds(self.now - KEPT) // 1000
        if self.write(lambda tx: _sweep(tx, key, until)) == SWEPT_AT_ONCE:
            return Again(0)
        with self.read() as tx:
            oldest = tx.first(_OLDEST, of_account=key.account, of_region=key.region)
        if oldest is None or oldest.stopped_ms is None:
            return None
        return Again(max(1.0, (oldest.stopped_ms - until) / 1000))


def _sweep(tx: Transaction, key: Key, until: int) -> int:
    old = [row.id for row in tx.all(_OLD, of_account=key.account, of_region=key.region, until=until)]
    if old:
        tx.run(_SWEEP_ATTEMPTS, of_account=key.account, jobs=old)
        tx.run(_SWEEP, jobs=old)
    return len(old)
