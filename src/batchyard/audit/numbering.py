"""Numbers events in the order in which they are written, so that two of one moment have an order, too."""

from __future__ import annotations

from sqlalchemy import func, select

from batchyard.audit.tables import events
from batchyard.store.transaction import Transaction

_NEWEST = select(func.max(events.c.sequence))


class Numbering:
    """Goes on from the newest event that is there at the first call. Used within writes alone."""

    def __init__(self) -> None:
        self._newest: int | None = None

    def take(self, tx: Transaction, count: int) -> range:
        """So many numbers that no event has; those of a write that is rolled back are left out."""
        if self._newest is None:
            row = tx.first(_NEWEST)
            self._newest = (row[0] if row else None) or 0
        first = self._newest + 1
        self._newest += count
        return range(first, first + count)
