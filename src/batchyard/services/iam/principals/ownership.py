"""What a user, group or role still has: asked before it is deleted, counted for quotas."""

from __future__ import annotations

from sqlalchemy import Table, bindparam, select

from batchyard.framework.context import Context
from batchyard.services.iam.service import iam
from batchyard.services.iam.tables import (
    access_keys,
    attachments,
    inline_policies,
    login_profiles,
    mfa_devices,
    service_credentials,
    signing_certificates,
    ssh_public_keys,
)
from batchyard.store.prepared import Prepared, Row

_ATTACHED = Prepared(
    select(attachments.c.policy_arn)
    .where(attachments.c.owner_id == bindparam("owner"), attachments.c.is_boundary.is_(False))
    .order_by(attachments.c.policy_arn)
)
_INLINE = Prepared(
    select(inline_policies.c.name, inline_policies.c.name_key, inline_policies.c.document)
    .where(inline_policies.c.owner_id == bindparam("owner"))
    .order_by(inline_policies.c.name_key)
)


def list_attached(ctx: Context, row: Row) -> list[str]:
    """The ARNs of the managed policies attached to a user, group or role."""
    return [found.policy_arn for found in ctx.read.all(_ATTACHED, owner=row.id)]


def list_inline(ctx: Context, row: Row) -> list[Row]:
    """The inline policies of a user, group or role: name, name_key, document."""
    return list(ctx.read.all(_INLINE, owner=row.id))


def refuse_owning(ctx: Context, row: Row) -> None:
    """Raise DeleteConflict where policies hang on a user, group or role (texts recorded: SNAP)."""
    if list_attached(ctx, row):
        raise iam.error.DeleteConflictException("Cannot delete entity, must detach all policies first.")
    if list_inline(ctx, row):
        raise iam.error.DeleteConflictException("Cannot delete entity, must delete policies first.")


def _held(table: Table) -> Prepared:
    return Prepared(select(table.c.user_id).where(table.c.user_id == bindparam("owner")).limit(1))


_CREDENTIALS = (
    (_held(access_keys), "must delete access keys first"),
    (_held(login_profiles), "must delete login profile first"),
    (_held(mfa_devices), "must delete MFA device first"),
    (_held(signing_certificates), "must remove referenced objects first"),
    (_held(ssh_public_keys), "must remove referenced objects first"),
    (_held(service_credentials), "must remove referenced objects first"),
)


def refuse_holding_credentials(ctx: Context, row: Row) -> None:
    """Raise DeleteConflict where a user still has credentials (texts: SNAP and Terraform's users' logs)."""
    for held, what in _CREDENTIALS:
        if ctx.write.first(held, owner=row.id) is not None:
            raise iam.error.DeleteConflictException(f"Cannot delete entity, {what}.")
