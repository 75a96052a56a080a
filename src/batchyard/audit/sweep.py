"""Forgets events that are older than the event history keeps."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select

from batchyard.audit.resources import short_name
from batchyard.audit.tables import event_resources, events
from batchyard.store.transaction import Transaction

KEPT = timedelta(days=90)
"""How long CloudTrail's event history goes back."""

AT_ONCE = 500


def sweep(tx: Transaction, now: datetime) -> bool:
    """Delete up to AT_ONCE of the oldest events that are too old; True while there may be more."""
    oldest = tx.all(select(events).order_by(events.c.sequence).limit(AT_ONCE))
    ended = [row for row in oldest if row.event_time < now - KEPT]
    for row in ended:
        for name in {short_name(arn) for arn in row.resources or ()}:
            tx.run(
                delete(event_resources)
                .where(event_resources.c.account == row.account)
                .where(event_resources.c.partition == row.partition)
                .where(event_resources.c.region == row.region)
                .where(event_resources.c.resource_name == name)
                .where(event_resources.c.event_time == row.event_time)
                .where(event_resources.c.sequence == row.sequence)
            )
    if ended:
        tx.run(delete(events).where(events.c.sequence <= ended[-1].sequence))
    return len(ended) == AT_ONCE
