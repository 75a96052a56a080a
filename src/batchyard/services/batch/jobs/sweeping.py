"""Ended jobs are forgotten after seven days: one sweep for an account and Region, by index."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, delete, exists, func, select

from batchyard.clock import microseconds
from batchyard.framework.controller import ActingAs, Again, Controller
from batchyard.framework.work import Key
from batchyard.services.batch.consumables.consumable_tables import consumers
from batchyard.services.batch.jobs.job_endings import KEPT
from batchyard.services.batch.service import batch
from batchyard.services.batch.tables import attempts, job_arrays, job_dependencies, job_specs, jobs
from batchyard.store.prepared import Prepared, among
from batchyard.store.transaction import Transaction

SWEPT_AT_ONCE = 500
LATER_SECONDS = 60.0
"""How long until it is looked again for an array that other arrays' children still wait for."""
_MINE = (
    (jobs.c.account == bindparam("of_account"))
    & (jobs.c.region == bindparam("of_region"))
    & jobs.c.array_parent.is_(None)
)
_OLD = Prepared(
    select(jobs.c.id, jobs.c.array_size, jobs.c.spec_id)
    .where(_MINE)
    .where(jobs.c.stopped_ms <= bindparam("until"))
    .where(~exists().where(job_dependencies.c.on_job == jobs.c.id))
    .limit(SWEPT_AT_ONCE)
)
_CHILDREN = Prepared(select(jobs.c.id).where(jobs.c.array_parent == bindparam("parent")).limit(SWEPT_AT_ONCE))
_SWEEP_ARRAYS = Prepared(delete(job_arrays).where(among(job_arrays.c.parent, "jobs")))
_SWEEP_SPECS = Prepared(delete(job_specs).where(among(job_specs.c.id, "specs")))
_SWEEP_ATTEMPTS = Prepared(
    delete(attempts).where(attempts.c.account == bindparam("of_account")).where(among(attempts.c.job, "jobs"))
)
_SWEEP_CONSUMERS = Prepared(delete(consumers).where(among(consumers.c.job, "jobs")))
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
        return Again(max(LATER_SECONDS, (oldest.stopped_ms - until) / 1000))


def _sweep(tx: Transaction, key: Key, until: int) -> int:
    """Forget some jobs, children before their parent; answers how many, SWEPT_AT_ONCE while there may be more."""
    rows = tx.all(_OLD, of_account=key.account, of_region=key.region, until=until)
    for row in rows:
        children = [one.id for one in tx.all(_CHILDREN, parent=row.id)] if row.array_size else []
        if children:
            _forget(tx, key.account, children)
            return SWEPT_AT_ONCE
    _forget(tx, key.account, [row.id for row in rows])
    tx.run(_SWEEP_ARRAYS, jobs=[row.id for row in rows if row.array_size])
    tx.run(_SWEEP_SPECS, specs=[row.spec_id for row in rows if row.spec_id])
    return len(rows)


def _forget(tx: Transaction, account: str, identities: Sequence[int]) -> None:
    tx.run(_SWEEP_ATTEMPTS, of_account=account, jobs=identities)
    tx.run(_SWEEP_CONSUMERS, jobs=identities)
    tx.run(_SWEEP, jobs=identities)
