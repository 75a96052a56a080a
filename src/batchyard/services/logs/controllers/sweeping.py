"""Forgets deleted groups and streams: their events go some at a time, so that a deletion holds nobody up."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select

from batchyard.framework.controller import ActingAs, Again, Controller, Outcome
from batchyard.framework.work import Key
from batchyard.services.logs.deletions import CONTROLLER, GROUP, STREAM
from batchyard.services.logs.service import logs
from batchyard.services.logs.tables import log_events, log_groups, log_streams
from batchyard.store.transaction import Transaction

AT_ONCE = 2_000


@logs.controller
class SweepingController(Controller):
    """One key is one deleted group or stream, by its row's id."""

    name = CONTROLLER

    def reconcile(self, keys: Sequence[Key], acting_as: ActingAs) -> Outcome:
        """Delete some rows; come back at once while there are more."""
        again: dict[Key, Again] = {}
        for key in keys:
            kind, _, identity = key.name.partition("/")
            more = self.write(lambda tx, kind=kind, of=int(identity): _forget(tx, kind, of))  # type: ignore[misc]
            if more:
                again[key] = Again(0)
        return again


def _forget(tx: Transaction, kind: str, of: int) -> bool:
    """Delete some of what is left; whether there is more."""
    column = {GROUP: log_events.c.group_id, STREAM: log_events.c.stream_id}[kind]
    some = select(log_events.c.id).where(column == of).limit(AT_ONCE)
    if tx.run(delete(log_events).where(log_events.c.id.in_(some))) == AT_ONCE:
        return True
    if kind == STREAM:
        tx.run(delete(log_streams).where(log_streams.c.id == of))
        return False
    for group_id in (of, -of):
        streams = select(log_streams.c.id).where(log_streams.c.group_id == group_id).limit(AT_ONCE)
        if tx.run(delete(log_streams).where(log_streams.c.id.in_(streams))) == AT_ONCE:
            return True
    tx.run(delete(log_groups).where(log_groups.c.id == of))
    return False
