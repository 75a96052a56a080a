"""Writes events into the store, and remembers when each principal last used each service."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects.sqlite import insert

from batchyard.audit.classes import Classes
from batchyard.audit.event import Caller, Event, without_secrets
from batchyard.audit.identity import user_identity, username
from batchyard.audit.resources import short_name
from batchyard.audit.tables import event_resources, events, last_accessed
from batchyard.store.prepared import Prepared
from batchyard.store.transaction import Transaction
from batchyard.store.types import UtcTime, encode

_TOUCH_EVERY = timedelta(seconds=1)

_INSERT = Prepared(
    insert(events).values(
        {column.name: bindparam(column.name) for column in events.columns if column.name != "sequence"}
    )
)
_names = func.json_each(bindparam("names")).table_valued("value")
# All of an event's names in one statement: each statement hands the interpreter over, which costs more than a row.
_INSERT_RESOURCES = Prepared(
    insert(event_resources).from_select(
        ["account", "partition", "region", "resource_name", "event_time", "sequence"],
        select(
            bindparam("account"),
            bindparam("partition"),
            bindparam("region"),
            _names.c.value,
            bindparam("event_time", type_=UtcTime),
            bindparam("sequence"),
        ),
    )
)
_NEWEST = insert(last_accessed).values(
    {column.name: bindparam(column.name) for column in last_accessed.columns}
)
_TOUCH = Prepared(
    _NEWEST.on_conflict_do_update(
        index_elements=["account", "partition", "principal_id", "service", "region"],
        set_={"last_at": _NEWEST.excluded.last_at, "principal_arn": _NEWEST.excluded.principal_arn},
    )
)


class Trail:
    """The audit. `write` belongs in the transaction of what it tells about."""

    def __init__(self) -> None:
        self._touched: dict[tuple[str, str, str, str, str], datetime] = {}
        self._classes = Classes()

    def write(self, tx: Transaction, closed: Sequence[Event]) -> None:
        """Keep closed events and touch their callers' last-accessed rows."""
        for event in closed:
            self._insert(tx, event)
            self._touch(tx, event)

    def forget(self, account: str | None) -> None:
        """Forget what is remembered in memory of one account, or of all."""
        self._touched = {
            key: at for key, at in self._touched.items() if account is not None and key[0] != account
        }

    def _insert(self, tx: Transaction, event: Event) -> None:
        caller = event.caller
        sequence = tx.insert(
            _INSERT,
            event_id=event.event_id,
            account=caller.account,
            partition=caller.partition,
            region=event.region,
            event_time=event.event_time,
            source=event.source,
            name=event.name,
            username=username(caller),
            access_key_id=caller.access_key_id,
            read_only=event.read_only,
            request_id=event.request_id,
            source_ip=event.source_ip,
            user_agent=event.user_agent,
            error_code=event.error_code,
            error_message=event.error_message,
            identity=user_identity(caller),
            request=without_secrets(event.request),
            response=without_secrets(event.response),
            resources=event.resources,
            decision=event.decision,
            class_id=self._classes.number(tx, event.source, event.name, event.resources),
        )
        if event.resources:
            tx.run(
                _INSERT_RESOURCES,
                account=caller.account,
                partition=caller.partition,
                region=event.region,
                names=encode(sorted({short_name(arn) for arn in event.resources})),
                event_time=event.event_time,
                sequence=sequence,
            )

    def _touch(self, tx: Transaction, event: Event) -> None:
        caller = event.caller
        if caller.kind in ("service", "anonymous"):
            return
        principal_id, arn = principal_of(caller)
        service = event.source.removesuffix(".amazonaws.com")
        place = (caller.account, caller.partition, principal_id, service, event.region)
        before = self._touched.get(place)
        if before is not None and event.event_time - before < _TOUCH_EVERY:
            return
        self._touched[place] = event.event_time
        tx.run(
            _TOUCH,
            account=caller.account,
            partition=caller.partition,
            principal_id=principal_id,
            service=service,
            region=event.region,
            principal_arn=arn,
            last_at=event.event_time,
        )


def principal_of(caller: Caller) -> tuple[str, str]:
    """(unique id, ARN) of the user or role behind a caller: what last-accessed data is kept by."""
    if caller.role is not None:
        return caller.role.role_id, caller.role.arn
    return caller.principal_id, caller.arn
