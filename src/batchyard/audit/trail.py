"""Writes events into the store, and remembers when each principal last used each service."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Table, Text, bindparam, insert

from batchyard.audit.classes import Classes
from batchyard.audit.event import Caller, Event
from batchyard.audit.identity import user_identity, username
from batchyard.audit.numbering import Numbering
from batchyard.audit.resources import short_name
from batchyard.audit.secrets import may_hold_secrets, without_secrets
from batchyard.audit.sharing import told_elsewhere
from batchyard.audit.tables import (
    access_key_uses,
    event_resources,
    events,
    last_accessed,
    last_accessed_actions,
)
from batchyard.clock import microseconds
from batchyard.store.prepared import Prepared
from batchyard.store.transaction import Transaction
from batchyard.store.types import encode
from batchyard.store.upsert import upsert

_TOUCH_EVERY = timedelta(seconds=1)
_REMEMBERED = 100_000


def _raw(table: Table) -> Prepared:
    """An insert that takes values as the database keeps them."""
    return Prepared(
        insert(table).values({one.name: bindparam(one.name, type_=Text()) for one in table.columns})
    )


_INSERT = _raw(events)
_INSERT_RESOURCE = _raw(event_resources)
_PLACE = ("account", "partition", "region", "event_time", "sequence")
_TOUCH, _TOUCH_ACTION, _TOUCH_KEY = (
    Prepared(upsert(table, {column.name: bindparam(column.name) for column in table.columns}))
    for table in (last_accessed, last_accessed_actions, access_key_uses)
)
_LONG_TERM = "AKIA"


class Trail:
    """The audit. `write` belongs in the transaction of what it tells about."""

    def __init__(self, numbering: Numbering) -> None:
        self._numbering = numbering
        self._touched: dict[tuple[str, ...], datetime] = {}
        self._classes = Classes()

    def write(self, tx: Transaction, closed: Sequence[Event]) -> None:
        """Keep closed events, at the end of the transaction, and touch their callers' last-accessed rows."""
        for event in closed:
            if event.caller.kind == "anonymous" and event.identity is None:
                continue  # a token that vouches for nobody leaves no more than a signature that is wrong
            self._keep(tx, event)
            self._touch(tx, event)
            elsewhere = told_elsewhere(event)
            if elsewhere is not None:
                self._keep(tx, elsewhere)

    def forget(self, account: str | None) -> None:
        """Forget what is remembered in memory of one account, or of all."""
        self._touched = {
            key: at for key, at in self._touched.items() if account is not None and key[0] != account
        }

    def _keep(self, tx: Transaction, event: Event) -> None:
        row = _row(event)
        row["class_id"] = self._classes.number(tx, event.source, event.name, event.resources)
        tx.collect(self._insert, (row, event.resources))

    def _insert(self, tx: Transaction, collected: list[tuple[dict[str, Any], list[str]]]) -> None:
        """All events of a transaction in two statements: each statement costs as much as a row or two."""
        names: list[dict[str, Any]] = []
        for number, (row, resources) in zip(self._numbering.take(tx, len(collected)), collected, strict=True):
            row["sequence"] = number
            place = {name: row[name] for name in _PLACE}
            names += [{**place, "resource_name": name} for name in {short_name(arn) for arn in resources}]
        tx.run_many(_INSERT, [row for row, _ in collected])
        tx.run_many(_INSERT_RESOURCE, names)

    def _touch(self, tx: Transaction, event: Event) -> None:
        """Keep when the caller last used the service, and the action: once a second is often enough for both."""
        caller = event.caller
        if caller.kind in ("service", "anonymous"):
            return
        principal_id, arn = principal_of(caller)
        place = {"account": caller.account, "partition": caller.partition, "principal_id": principal_id}
        kept = {"region": event.region, "principal_arn": arn, "last_at": event.event_time}
        service = event.source.removesuffix(".amazonaws.com")
        if self._is_due(event, (caller.account, caller.partition, principal_id, service, event.region)):
            tx.run(_TOUCH, service=service, **place, **kept)
        namespace, action = _action(event, service)
        key = (caller.account, caller.partition, principal_id, namespace, event.region, action)
        if self._is_due(event, key):
            tx.run(_TOUCH_ACTION, service=namespace, action=action, **place, **kept)
        access_key_id = caller.access_key_id
        if access_key_id.startswith(_LONG_TERM) and self._is_due(event, (caller.account, access_key_id)):
            tx.run(
                _TOUCH_KEY,
                access_key_id=access_key_id,
                account=caller.account,
                service=service,
                region=event.region,
                last_at=event.event_time,
            )

    def _is_due(self, event: Event, place: tuple[str, ...]) -> bool:
        before = self._touched.get(place)
        if before is not None and event.event_time - before < _TOUCH_EVERY:
            return False
        if len(self._touched) >= _REMEMBERED:
            self._touched.clear()
        self._touched[place] = event.event_time
        return True


def _action(event: Event, service: str) -> tuple[str, str]:
    """The permission that the call needed, as its first check named it; the operation's name where none was made."""
    for decision in event.decision:
        namespace, colon, name = str(decision.get("action", "")).partition(":")
        if colon:
            return namespace, name
    return service, event.name


def _row(event: Event) -> dict[str, Any]:
    """The event as the database keeps it, but for its sequence."""
    caller = event.caller
    service = event.source.removesuffix(".amazonaws.com")
    hide_request, hide_response = may_hold_secrets(service, event.name)
    request, response = event.request, event.response
    return {
        "event_id": event.event_id,
        "account": caller.account,
        "partition": caller.partition,
        "region": event.region,
        "event_time": microseconds(event.event_time),
        "source": event.source,
        "name": event.name,
        "username": username(caller) if event.identity is None else event.identity.get("userName", ""),
        "access_key_id": caller.access_key_id,
        "read_only": event.read_only,
        "request_id": event.request_id,
        "source_ip": event.source_ip,
        "user_agent": event.user_agent,
        "error_code": event.error_code,
        "error_message": event.error_message,
        "identity": encode(event.identity) if event.identity is not None else _identity_text(caller),
        "request": _text(without_secrets(request) if hide_request else request),
        "response": _text(without_secrets(response) if hide_response else response),
        "resources": encode(event.resources),
        "decision": encode(event.decision),
    }


def _text(value: Any) -> str | None:
    return None if value is None else encode(value)


@functools.lru_cache(maxsize=4096)
def _identity_text(caller: Caller) -> str:
    return encode(user_identity(caller))


def principal_of(caller: Caller) -> tuple[str, str]:
    """(unique id, ARN) of the user or role behind a caller: what last-accessed data is kept by."""
    if caller.role is not None:
        return caller.role.role_id, caller.role.arn
    if caller.user is not None:
        return caller.user.user_id, caller.user.arn
    return caller.principal_id, caller.arn
