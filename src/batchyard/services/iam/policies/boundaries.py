"""Permissions boundaries of users and roles: put and delete."""

from __future__ import annotations

from functools import partial
from typing import Any

from sqlalchemy import delete, insert

from batchyard.framework.context import Context
from batchyard.framework.noun import Noun
from batchyard.services.iam import revisions
from batchyard.services.iam.nouns import ROLE, USER, update_row
from batchyard.services.iam.policies.managed_policies import require_attachable
from batchyard.services.iam.principals.protection import refuse_linked_policy, require_modifiable
from batchyard.services.iam.resources import with_boundary
from batchyard.services.iam.service import iam
from batchyard.services.iam.tables import attachments
from batchyard.store.prepared import Row


def boundary_shape(row: Row) -> dict[str, Any]:
    """The PermissionsBoundary member of an answer; nothing where there is none."""
    if row.boundary_arn is None:
        return {}
    attached = {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": row.boundary_arn}
    return {"PermissionsBoundary": attached}


def checked_boundary(ctx: Context, noun: Noun[Row], request: Any) -> str | None:
    """The boundary that a Create call asks for; raises NoSuchEntity where that policy is missing, and
    PolicyNotAttachable where it is for service-linked roles alone."""
    if "PermissionsBoundary" not in request:
        return None
    policy = require_attachable(ctx, request["PermissionsBoundary"])
    refuse_linked_policy(policy, noun)
    return policy.arn


def record_boundary(ctx: Context, noun: Noun[Row], row: Row, *, gone: bool = False) -> None:
    """Keep the list of a policy's uses as boundary in step with the row."""
    ctx.write.run(
        delete(attachments).where(attachments.c.owner_id == row.id, attachments.c.is_boundary.is_(True))
    )
    if row.boundary_arn is not None and not gone:
        ctx.write.run(
            insert(attachments).values(
                owner_id=row.id,
                policy_arn=row.boundary_arn,
                account=ctx.account,
                owner_kind=noun.kind,
                is_boundary=True,
            )
        )


def _put(noun: Noun[Row], ctx: Context, request: Any) -> None:
    """Bound a user or role by a managed policy."""
    row = require_modifiable(ctx, noun, request[noun.member])
    policy = require_attachable(ctx, request["PermissionsBoundary"])
    refuse_linked_policy(policy, noun)
    record_boundary(ctx, noun, update_row(ctx, noun, row, boundary_arn=policy.arn))
    revisions.changed(ctx)


def _delete(noun: Noun[Row], ctx: Context, request: Any) -> None:
    """Raise NoSuchEntity where there is none; its text is a [guess]."""
    row = require_modifiable(ctx, noun, request[noun.member])
    if row.boundary_arn is None:
        name = f"{row.name} does not have a permissions boundary"
        raise iam.error.NoSuchEntityException(f"{noun.kind.capitalize()} {name}.")
    record_boundary(ctx, noun, update_row(ctx, noun, row, boundary_arn=None))
    revisions.changed(ctx)


for _noun in (USER, ROLE):
    _name = f"{_noun.kind}_permissions_boundary"
    iam.operation(on=with_boundary(_noun), writes=True, name=f"put_{_name}")(partial(_put, _noun))
    iam.operation(on=_noun.named(), writes=True, name=f"delete_{_name}")(partial(_delete, _noun))
