"""Permissions boundaries of users and roles: put and delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert

from batchyard.framework.context import Context
from batchyard.services.iam import revisions
from batchyard.services.iam.nouns import ROLE, USER, Noun, Row, update_row
from batchyard.services.iam.policies.managed_policies import require_attachable
from batchyard.services.iam.principals.protection import refuse_linked_policy, require_modifiable
from batchyard.services.iam.resources import named, with_boundary
from batchyard.services.iam.service import iam
from batchyard.services.iam.tables import attachments

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import (
        DeleteRolePermissionsBoundaryRequestTypeDef,
        DeleteUserPermissionsBoundaryRequestTypeDef,
        PutRolePermissionsBoundaryRequestTypeDef,
        PutUserPermissionsBoundaryRequestTypeDef,
    )


def boundary_shape(row: Row) -> dict[str, Any]:
    """The PermissionsBoundary member of an answer; nothing where there is none."""
    if row.boundary_arn is None:
        return {}
    attached = {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": row.boundary_arn}
    return {"PermissionsBoundary": attached}


def checked_boundary(ctx: Context, noun: Noun, request: Any) -> str | None:
    """The boundary that a Create call asks for; raises NoSuchEntity where that policy is missing, and
    PolicyNotAttachable where it is for service-linked roles alone."""
    if "PermissionsBoundary" not in request:
        return None
    policy = require_attachable(ctx, request["PermissionsBoundary"])
    refuse_linked_policy(policy, noun)
    return policy.arn


def record_boundary(ctx: Context, noun: Noun, row: Row, *, gone: bool = False) -> None:
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


def _put(ctx: Context, noun: Noun, request: Any) -> None:
    row = require_modifiable(ctx, noun, request[noun.member])
    policy = require_attachable(ctx, request["PermissionsBoundary"])
    refuse_linked_policy(policy, noun)
    record_boundary(ctx, noun, update_row(ctx, noun, row, boundary_arn=policy.arn))
    revisions.changed(ctx)


def _delete(ctx: Context, noun: Noun, request: Any) -> None:
    """Raise NoSuchEntity where there is none; its text is a [guess]."""
    row = require_modifiable(ctx, noun, request[noun.member])
    if row.boundary_arn is None:
        name = f"{row.name} does not have a permissions boundary"
        raise iam.error.NoSuchEntityException(f"{noun.kind.capitalize()} {name}.")
    record_boundary(ctx, noun, update_row(ctx, noun, row, boundary_arn=None))
    revisions.changed(ctx)


@iam.operation(on=with_boundary(USER), writes=True)
def put_user_permissions_boundary(ctx: Context, request: PutUserPermissionsBoundaryRequestTypeDef) -> None:
    """Bound a user by a managed policy."""
    _put(ctx, USER, request)


@iam.operation(on=with_boundary(ROLE), writes=True)
def put_role_permissions_boundary(ctx: Context, request: PutRolePermissionsBoundaryRequestTypeDef) -> None:
    """Bound a role by a managed policy."""
    _put(ctx, ROLE, request)


@iam.operation(on=named(USER), writes=True)
def delete_user_permissions_boundary(
    ctx: Context, request: DeleteUserPermissionsBoundaryRequestTypeDef
) -> None:
    """Take a user's boundary away; NoSuchEntity where it has none (its text is a guess)."""
    _delete(ctx, USER, request)


@iam.operation(on=named(ROLE), writes=True)
def delete_role_permissions_boundary(
    ctx: Context, request: DeleteRolePermissionsBoundaryRequestTypeDef
) -> None:
    """Take a role's boundary away; NoSuchEntity where it has none (its text is a guess)."""
    _delete(ctx, ROLE, request)
