"""Users: create, get, list, update, delete."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, select

from batchyard.framework.check import Check
from batchyard.framework.context import Context
from batchyard.services.iam import revisions
from batchyard.services.iam.account.account_aliases import find_alias
from batchyard.services.iam.nouns import USER, delete_row, find_by_id, insert_new, list_page, rename, tag_list
from batchyard.services.iam.policies.boundaries import boundary_shape, checked_boundary, record_boundary
from batchyard.services.iam.principals import departed_principals
from batchyard.services.iam.principals.ownership import refuse_holding_credentials, refuse_owning
from batchyard.services.iam.quotas import refuse_full
from batchyard.services.iam.resources import listing, own_or_named, to_be, to_become, user, user_name
from batchyard.services.iam.service import iam
from batchyard.services.iam.tables import memberships
from batchyard.services.iam.tags import checked_tags
from batchyard.store.prepared import Prepared, Row

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import (
        CreateUserRequestTypeDef,
        DeleteUserRequestTypeDef,
        GetUserRequestTypeDef,
        ListUsersRequestTypeDef,
        UpdateUserRequestTypeDef,
    )

OPENED = datetime(2010, 5, 8, tzinfo=UTC)
"""When every account was opened, as far as its root tells: it must tell something, and this is IAM's API version."""

_IN_GROUP = Prepared(
    select(memberships.c.group_id).where(memberships.c.user_id == bindparam("member_id")).limit(1)
)


def brief(row: Row) -> dict[str, Any]:
    """What every answer says of a user."""
    shape = {
        "Path": row.path,
        "UserName": row.name,
        "UserId": row.id,
        "Arn": USER.arn_of(row),
        "CreateDate": row.created_at,
    }
    return (
        shape
        if row.password_last_used_at is None
        else {**shape, "PasswordLastUsed": row.password_last_used_at}
    )


def _whole(row: Row) -> dict[str, Any]:
    tags = {"Tags": tag_list(row)} if row.tags else {}
    return brief(row) | boundary_shape(row) | tags


@iam.operation(on=to_be(USER), tags="Tags", writes=True)
def create_user(ctx: Context, request: CreateUserRequestTypeDef) -> dict[str, Any]:
    """Make a user without keys, groups and policies."""
    boundary = checked_boundary(ctx, USER, request)
    tags = checked_tags(USER, request.get("Tags", ()))
    refuse_full(ctx, USER)
    row = insert_new(
        ctx,
        USER,
        request["UserName"],
        path=request.get("Path", "/"),
        boundary_arn=boundary,
        tags=tags,
    )
    record_boundary(ctx, USER, row)
    revisions.changed(ctx)
    ctx.note_resource(USER.arn_of(row))
    return {"User": _whole(row)}


def _asks_for_root(ctx: Context, request: Mapping[str, Any]) -> bool:
    return "UserName" not in request and ctx.session.kind == "root"


def _asked(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    return [Check(resource=ctx.session.arn)] if _asks_for_root(ctx, request) else own_or_named(ctx, request)


@iam.operation(on=_asked)
def get_user(ctx: Context, request: GetUserRequestTypeDef) -> dict[str, Any]:
    """Tell about a user; without UserName about the caller, which may be the account's root.

    Root's id is the account's, its name the account's alias (recorded: realestate-com-au/credulous#61). Without one
    AWS leaves the name out, which the model forbids (recorded: grycap/scar#181): here it is the id.
    """
    if not _asks_for_root(ctx, request):
        return {"User": _whole(USER.require(ctx, user_name(ctx, request)))}
    root = {
        "Path": "/",
        "UserName": find_alias(ctx) or ctx.account,
        "UserId": ctx.account,
        "Arn": ctx.session.arn,
        "CreateDate": OPENED,
    }
    return {"User": root}


@iam.operation(on=listing(USER))
def list_users(ctx: Context, request: ListUsersRequestTypeDef) -> dict[str, Any]:
    """List users below a path."""
    rows, end = list_page(ctx, USER, request)
    return {"Users": [brief(row) for row in rows], **end}


@iam.operation(on=[user, to_become(USER)], writes=True)
def update_user(ctx: Context, request: UpdateUserRequestTypeDef) -> None:
    """Give a user another name or path; its unique id, keys and policies stay."""
    row = USER.require(ctx, request["UserName"])
    rename(ctx, USER, row, name=request.get("NewUserName"), path=request.get("NewPath"))
    renamed = find_by_id(USER, ctx.write, row.id)
    departed_principals.follow(ctx.write, USER, row, renamed)
    revisions.changed(ctx)


@iam.operation(on=user, writes=True)
def delete_user(ctx: Context, request: DeleteUserRequestTypeDef) -> None:
    """Delete a user that has no credentials, groups and policies left (DeleteConflict's texts: SNAP and Terraform)."""
    row = USER.require(ctx, request["UserName"])
    refuse_holding_credentials(ctx, row)
    if ctx.write.first(_IN_GROUP, member_id=row.id) is not None:
        raise iam.error.DeleteConflictException("Cannot delete entity, must remove users from group first.")
    refuse_owning(ctx, row)
    delete_row(ctx, USER, row)
    departed_principals.keep_ids(ctx.write, USER, row)
    record_boundary(ctx, USER, row, gone=True)
    revisions.changed(ctx)
