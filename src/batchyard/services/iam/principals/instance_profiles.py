"""Instance profiles: create, get, list, delete; and the one role inside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, select

from batchyard.framework.context import Context
from batchyard.services.iam import revisions
from batchyard.services.iam.nouns import (
    INSTANCE_PROFILE,
    ROLE,
    cut_page,
    delete_row,
    find_by_id,
    insert_new,
    list_page,
    tag_list,
    update_row,
)
from batchyard.services.iam.policies.documents import over_quota
from batchyard.services.iam.principals.protection import refuse_protected
from batchyard.services.iam.principals.roles import brief as role_brief
from batchyard.services.iam.quotas import refuse_full
from batchyard.services.iam.resources import instance_profile, listing, passed_to_instances, role, to_be
from batchyard.services.iam.service import iam
from batchyard.services.iam.tables import instance_profiles
from batchyard.services.iam.tags import checked_tags
from batchyard.store.prepared import Prepared, Row

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import (
        AddRoleToInstanceProfileRequestTypeDef,
        CreateInstanceProfileRequestTypeDef,
        DeleteInstanceProfileRequestTypeDef,
        GetInstanceProfileRequestTypeDef,
        ListInstanceProfilesForRoleRequestTypeDef,
        ListInstanceProfilesRequestTypeDef,
        RemoveRoleFromInstanceProfileRequestTypeDef,
    )

_OF_ROLE = Prepared(
    select(instance_profiles)
    .where(instance_profiles.c.role_id == bindparam("inside"))
    .order_by(instance_profiles.c.name_key)
)


def profile_shape(ctx: Context, row: Row) -> dict[str, Any]:
    """What every answer says of an instance profile."""
    inside = None if row.role_id is None else find_by_id(ROLE, ctx.read, row.role_id)
    return {
        "Path": row.path,
        "InstanceProfileName": row.name,
        "InstanceProfileId": row.id,
        "Arn": INSTANCE_PROFILE.arn_of(row),
        "CreateDate": row.created_at,
        "Roles": [] if inside is None else [role_brief(inside)],
    }


def profiles_of(ctx: Context, inside: Row) -> list[Row]:
    """The instance profiles that a role is in, in the order of their names."""
    return list(ctx.read.all(_OF_ROLE, inside=inside.id))


@iam.operation(on=to_be(INSTANCE_PROFILE), tags="Tags", writes=True)
def create_instance_profile(ctx: Context, request: CreateInstanceProfileRequestTypeDef) -> dict[str, Any]:
    """Make an empty instance profile."""
    tags = checked_tags(INSTANCE_PROFILE, request.get("Tags", ()))
    refuse_full(ctx, INSTANCE_PROFILE)
    name = request["InstanceProfileName"]
    path = request.get("Path", "/")
    row = insert_new(ctx, INSTANCE_PROFILE, name, path=path, tags=tags, role_id=None)
    ctx.note_resource(INSTANCE_PROFILE.arn_of(row))
    return {"InstanceProfile": profile_shape(ctx, row) | ({"Tags": tag_list(row)} if tags else {})}


@iam.operation(on=instance_profile)
def get_instance_profile(ctx: Context, request: GetInstanceProfileRequestTypeDef) -> dict[str, Any]:
    """Tell about an instance profile and the role inside."""
    row = INSTANCE_PROFILE.require(ctx, request["InstanceProfileName"])
    return {"InstanceProfile": profile_shape(ctx, row) | {"Tags": tag_list(row)}}


@iam.operation(on=listing(INSTANCE_PROFILE))
def list_instance_profiles(ctx: Context, request: ListInstanceProfilesRequestTypeDef) -> dict[str, Any]:
    """List instance profiles below a path."""
    rows, end = list_page(ctx, INSTANCE_PROFILE, request)
    return {"InstanceProfiles": [profile_shape(ctx, row) for row in rows], **end}


@iam.operation(on=role)
def list_instance_profiles_for_role(
    ctx: Context, request: ListInstanceProfilesForRoleRequestTypeDef
) -> dict[str, Any]:
    """List the instance profiles that a role is in."""
    inside = ROLE.require(ctx, request["RoleName"])
    rows, end = cut_page(profiles_of(ctx, inside), request, lambda row: row.name_key)
    return {"InstanceProfiles": [profile_shape(ctx, row) for row in rows], **end}


@iam.operation(on=instance_profile, writes=True)
def delete_instance_profile(ctx: Context, request: DeleteInstanceProfileRequestTypeDef) -> None:
    """Delete an instance profile without a role (text recorded: SNAP)."""
    row = INSTANCE_PROFILE.require(ctx, request["InstanceProfileName"])
    if row.role_id is not None:
        raise iam.error.DeleteConflictException(
            "Cannot delete entity, must remove roles from instance profile first."
        )
    delete_row(ctx, INSTANCE_PROFILE, row)


@iam.operation(on=instance_profile, passes=[passed_to_instances], writes=True)
def add_role_to_instance_profile(ctx: Context, request: AddRoleToInstanceProfileRequestTypeDef) -> None:
    """Put a role into a profile that has none; the caller must be allowed to pass the role to EC2."""
    row = INSTANCE_PROFILE.require(ctx, request["InstanceProfileName"])
    inside = ROLE.require(ctx, request["RoleName"])
    refuse_protected(inside)
    if row.role_id is not None:
        raise over_quota("InstanceSessionsPerInstanceProfile", 1)
    update_row(ctx, INSTANCE_PROFILE, row, role_id=inside.id)
    revisions.changed(ctx)


@iam.operation(on=instance_profile, writes=True)
def remove_role_from_instance_profile(
    ctx: Context, request: RemoveRoleFromInstanceProfileRequestTypeDef
) -> None:
    """Take the role out of a profile."""
    row = INSTANCE_PROFILE.require(ctx, request["InstanceProfileName"])
    inside = ROLE.require(ctx, request["RoleName"])
    refuse_protected(inside)
    if row.role_id != inside.id:
        text = f"Role {inside.name} in Instance Profile {row.name} cannot be found."
        raise iam.error.NoSuchEntityException(text)
    update_row(ctx, INSTANCE_PROFILE, row, role_id=None)
    revisions.changed(ctx)
