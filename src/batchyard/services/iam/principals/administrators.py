"""Administrators: users whose own key may do everything. A server beyond loopback needs such a user."""

from __future__ import annotations

from sqlalchemy import select

from batchyard.services.iam.tables import access_keys, attachments
from batchyard.store.prepared import Prepared
from batchyard.store.transaction import Transaction

ADMINISTRATOR_ACCESS = "arn:aws:iam::aws:policy/AdministratorAccess"

ACTIVE = Prepared(
    select(access_keys.c.access_key_id)
    .join(attachments, attachments.c.owner_id == access_keys.c.user_id)
    .where(
        attachments.c.policy_arn == ADMINISTRATOR_ACCESS,
        attachments.c.is_boundary.is_(False),
        access_keys.c.status == "Active",
    )
    .limit(1)
)
"""An access key of an administrator, if any."""


def has_administrator(tx: Transaction) -> bool:
    """Whether a user of any account has AdministratorAccess attached and an active access key."""
    return tx.first(ACTIVE) is not None
