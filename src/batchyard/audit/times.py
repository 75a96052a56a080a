"""When the newest event happened: the last moment that the store knows of."""

from datetime import datetime

from sqlalchemy import select

from batchyard.audit.tables import events
from batchyard.store.prepared import Prepared
from batchyard.store.transaction import Transaction

_NEWEST = Prepared(select(events.c.event_time).order_by(events.c.sequence.desc()).limit(1))


def newest_event_time(tx: Transaction) -> datetime | None:
    """The time of the last event that was written; None where there is none."""
    row = tx.first(_NEWEST)
    return None if row is None else row.event_time
