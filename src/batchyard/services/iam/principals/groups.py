"""Groups and who is in them: create, get, list, update, delete, add, remove."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, select

from batchyard.framework.context import Context
from batchyard.services.iam import revisions
from batchyard.services.iam.nouns import GROUP, USER, cut_page, delete_row, insert_new, list_page, rename
from batchyard.services.iam.policies.documents import over_quota
from batchyard.services.iam.principals.ownership import refuse_owning
from batchyard.services.iam.principals.users import brief as user_brief
from batchyard.services.iam.quotas import refuse_full
from batchyard.services.iam.resources import group, listing, to_be, to_become, user
from batchyard.services.iam.service import iam
from batchyard.services.iam.tables import groups, memberships, users
from batchyard.store.prepared import Prepared, Row
from batchyard.store.upsert import insert_missing

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import (
        AddUserToGroupRequestTypeDef,
        CreateGroupRequestTypeDef,
        DeleteGroupRequestTypeDef,
        GetGroupRequestTypeDef,
        ListGroupsForUserRequestTypeDef,
        ListGroupsRequestTypeDef,
        RemoveUserFromGroupRequestTypeDef,
        UpdateGroupRequestTypeDef,
    )

GROUPS_PER_USER = 10

_MEMBERS = Prepared(
    select(users)
    .join(memberships, memberships.c.user_id == users.c.id)
    .where(memberships.c.group_id == bindparam("of_group"))
)
_GROUPS = Prepared(
    select(groups)
    .join(memberships, memberships.c.group_id == groups.c.id)
    .where(memberships.c.user_id == bindparam("of_user"))
)


def brief(row: Row) -> dict[str, Any]:
    """What every answer says of a group."""
    return {
        "Path": row.path,
        "GroupName": row.name,
        "GroupId": row.id,
        "Arn": GROUP.arn_of(row),
        "CreateDate": row.created_at,
    }


def members_of(ctx: Context, group_id: str) -> list[Row]:
    """The users in a group."""
    return list(ctx.read.all(_MEMBERS, of_group=group_id))


def groups_of(ctx: Context, user_id: str) -> list[Row]:
    """The groups that a user is in."""
    return list(ctx.read.all(_GROUPS, of_user=user_id))


@iam.operation(on=to_be(GROUP), writes=True)
def create_group(ctx: Context, request: CreateGroupRequestTypeDef) -> dict[str, Any]:
    """Make an empty group."""
    refuse_full(ctx, GROUP)
    row = insert_new(ctx, GROUP, request["GroupName"], path=request.get("Path", "/"))
    ctx.note_resource(GROUP.arn_of(row))
    return {"Group": brief(row)}


@iam.operation(on=group)
def get_group(ctx: Context, request: GetGroupRequestTypeDef) -> dict[str, Any]:
    """Tell about a group and, by pages, who is in it."""
    row = GROUP.require(ctx, request["GroupName"])
    members, end = cut_page(members_of(ctx, row.id), request, lambda member: member.name_key)
    return {"Group": brief(row), "Users": [user_brief(member) for member in members], **end}


@iam.operation(on=listing(GROUP))
def list_groups(ctx: Context, request: ListGroupsRequestTypeDef) -> dict[str, Any]:
    """List groups below a path."""
    rows, end = list_page(ctx, GROUP, request)
    return {"Groups": [brief(row) for row in rows], **end}


@iam.operation(on=user)
def list_groups_for_user(ctx: Context, request: ListGroupsForUserRequestTypeDef) -> dict[str, Any]:
    """List the groups that a user is in."""
    row = USER.require(ctx, request["UserName"])
    shown, end = cut_page(groups_of(ctx, row.id), request, lambda one: one.name_key)
    return {"Groups": [brief(one) for one in shown], **end}


@iam.operation(on=[group, to_become(GROUP)], writes=True)
def update_group(ctx: Context, request: UpdateGroupRequestTypeDef) -> None:
    """Give a group another name or path."""
    row = GROUP.require(ctx, request["GroupName"])
    rename(ctx, GROUP, row, name=request.get("NewGroupName"), path=request.get("NewPath"))
    revisions.changed(ctx)


@iam.operation(on=group, writes=True)
def delete_group(ctx: Context, request: DeleteGroupRequestTypeDef) -> None:
    """Delete a group without members and policies (text as in logs of Terraform's users)."""
    row = GROUP.require(ctx, request["GroupName"])
    if members_of(ctx, row.id):
        raise iam.error.DeleteConflictException("Cannot delete entity, must remove users from group first.")
    refuse_owning(ctx, row)
    delete_row(ctx, GROUP, row)
    revisions.changed(ctx)


@iam.operation(on=group, writes=True)
def add_user_to_group(ctx: Context, request: AddUserToGroupRequestTypeDef) -> None:
    """Put a user into a group; again changes nothing (recorded: SNAP)."""
    member = USER.require(ctx, request["UserName"])
    row = GROUP.require(ctx, request["GroupName"])
    others = [one for one in groups_of(ctx, member.id) if one.id != row.id]
    if len(others) >= GROUPS_PER_USER:
        raise over_quota("GroupsPerUser", GROUPS_PER_USER)
    ctx.write.run(
        insert_missing(memberships, {"user_id": member.id, "group_id": row.id, "account": ctx.account})
    )
    revisions.changed(ctx)


@iam.operation(on=group, writes=True)
def remove_user_from_group(ctx: Context, request: RemoveUserFromGroupRequestTypeDef) -> None:
    """Take a user out of a group; a user who is not in it is no error (recorded: SNAP)."""
    member = USER.require(ctx, request["UserName"])
    row = GROUP.require(ctx, request["GroupName"])
    ctx.write.run(
        delete(memberships).where(memberships.c.user_id == member.id, memberships.c.group_id == row.id)
    )
    revisions.changed(ctx)
