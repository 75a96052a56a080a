"""Reads when a principal last used which service: RoleLastUsed and Access Advisor come from here."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select

from batchyard.audit.tables import access_key_uses, last_accessed, last_accessed_actions
from batchyard.store.prepared import Prepared
from batchyard.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class LastAccess:
    """One service's last use by one principal, in one Region; denied attempts count, too (slr.md 6)."""

    principal_id: str
    principal_arn: str
    service: str
    region: str
    at: datetime


def list_last_accesses(
    tx: Transaction, *, account: str, partition: str, principal_id: str
) -> list[LastAccess]:
    """Every (service, Region) that the principal with this unique id has used, newest first."""
    table = last_accessed
    rows = tx.all(
        select(table)
        .where(table.c.account == account)
        .where(table.c.partition == partition)
        .where(table.c.principal_id == principal_id)
        .order_by(table.c.last_at.desc())
    )
    return [
        LastAccess(row.principal_id, row.principal_arn, row.service, row.region, row.last_at) for row in rows
    ]


@dataclass(frozen=True, slots=True)
class LastAction:
    """One action's last use by one principal, in one Region; denied attempts count, too."""

    principal_id: str
    principal_arn: str
    service: str
    action: str
    region: str
    at: datetime


_ACTIONS = Prepared(
    select(last_accessed_actions).where(
        last_accessed_actions.c.account == bindparam("of"),
        last_accessed_actions.c.partition == bindparam("in_partition"),
        last_accessed_actions.c.principal_id == bindparam("principal"),
    )
)


def list_last_actions(
    tx: Transaction, *, account: str, partition: str, principal_id: str
) -> list[LastAction]:
    """Every (action, Region) that the principal with this unique id has used."""
    rows = tx.all(_ACTIONS, of=account, in_partition=partition, principal=principal_id)
    return [
        LastAction(row.principal_id, row.principal_arn, row.service, row.action, row.region, row.last_at)
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class KeyUse:
    """The newest call that an access key signed."""

    service: str
    region: str
    at: datetime


_KEY_USE = Prepared(select(access_key_uses).where(access_key_uses.c.access_key_id == bindparam("wanted")))


def find_key_use(tx: Transaction, access_key_id: str) -> KeyUse | None:
    """The newest use of a long-term access key; None where it never signed anything."""
    row = tx.first(_KEY_USE, wanted=access_key_id)
    return None if row is None else KeyUse(row.service, row.region, row.last_at)
