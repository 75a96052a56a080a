"""The latest moment that the store knows of."""

from datetime import datetime

from sqlalchemy import func, select

from batchyard.audit.tables import events
from batchyard.store.prepared import Prepared
from batchyard.store.transaction import Transaction

_LOOKED_AT = 1000
"""A clock that was turned back just before the server died has newer events at earlier times."""

_TIMES = select(events.c.event_time).order_by(events.c.sequence.desc()).limit(_LOOKED_AT).subquery()
_LATEST = Prepared(select(func.max(_TIMES.c.event_time).label("event_time")))


def latest_event_time(tx: Transaction) -> datetime | None:
    """The latest time of the newest events; None where there is none."""
    row = tx.first(_LATEST)
    return None if row is None else row.event_time
