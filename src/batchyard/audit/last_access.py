"""Reads when a principal last used which service: RoleLastUsed and Access Advisor come from here."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from batchyard.audit.tables import last_accessed
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
