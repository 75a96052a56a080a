"""What must hold between the jobs of shares and what is counted of them, whatever happened."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sqlalchemy import select

from batchyard.services.batch.tables import jobs, share_usage

PLACED = ("STARTING", "RUNNING")


def miscounted(app: Any, account: str) -> list[str]:
    """Each share that is counted otherwise than its jobs are; they have to agree in every snapshot."""
    with app.store.read() as tx:
        rows = tx.all(
            select(jobs).where(jobs.c.account == account).where(jobs.c.share_identifier.is_not(None))
        )
        kept = tx.all(select(share_usage).where(share_usage.c.account == account))
    waiting: Counter[Any] = Counter()
    unfinished: Counter[Any] = Counter()
    running: Counter[Any] = Counter()
    for row in rows:
        key = (row.queue_id, row.share_identifier)
        waiting[key] += row.status == "RUNNABLE"
        running[key] += row.vcpus * (row.status in PLACED)
        unfinished[key] += row.array_parent is None and row.status not in ("SUCCEEDED", "FAILED")
    wrong = []
    for one in kept:
        key = (one.queue_id, one.share)
        counted = (one.waiting, one.running_vcpus, one.unfinished)
        true = (waiting.pop(key, 0), running.pop(key, 0), unfinished.pop(key, 0))
        if counted != true or one.usage < 0:
            wrong.append(f"{key}: counted {counted} (usage {one.usage}), there are {true}")
    left = {**waiting, **running, **unfinished}
    return wrong + [f"{key}: not counted" for key in left if waiting[key] or running[key] or unfinished[key]]
