"""Roles: create, get, list, update, delete; and their trust policies."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, select

from batchyard.audit.tables import last_accessed
from batchyard.framework.context import Context
from batchyard.services.iam import revisions
from batchyard.services.iam.nouns import ROLE, delete_row, insert_new, list_page, tag_list, update_row
from batchyard.services.iam.policies import documents
from batchyard.services.iam.policies.boundaries import boundary_shape, checked_boundary, record_boundary
from batchyard.services.iam.principals import departed_principals, trusted_principals
from batchyard.services.iam.principals.ownership import refuse_owning
from batchyard.services.iam.principals.protection import (
    refuse_protected,
    refuse_reserved_path,
    require_modifiable,
)
from batchyard.services.iam.quotas import refuse_full
from batchyard.services.iam.resources import listing, role, to_be
from batchyard.services.iam.service import iam
from batchyard.services.iam.tables import instance_profiles
from batchyard.services.iam.tags import checked_tags
from batchyard.store.prepared import Prepared, Row

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import (
        CreateRoleRequestTypeDef,
        DeleteRoleRequestTypeDef,
        GetRoleRequestTypeDef,
        ListRolesRequestTypeDef,
        UpdateAssumeRolePolicyRequestTypeDef,
        UpdateRoleRequestTypeDef,
    )

USUAL_SESSION_SECONDS = 3600
TRACKED = timedelta(days=400)
"""RoleLastUsed looks back so far (slr.md 5)."""

_NEWEST_ACCESS = Prepared(
    select(last_accessed.c.last_at, last_accessed.c.region)
    .where(
        last_accessed.c.account == bindparam("of"),
        last_accessed.c.partition == bindparam("in_partition"),
        last_accessed.c.principal_id == bindparam("principal"),
    )
    .order_by(last_accessed.c.last_at.desc())
    .limit(1)
)
_IN_PROFILE = Prepared(
    select(instance_profiles.c.id).where(instance_profiles.c.role_id == bindparam("inside")).limit(1)
)


def brief(row: Row) -> dict[str, Any]:
    """What every answer says of a role."""
    return {
        "Path": row.path,
        "RoleName": row.name,
        "RoleId": row.id,
        "Arn": ROLE.arn_of(row),
        "CreateDate": row.created_at,
        "AssumeRolePolicyDocument": documents.encode(row.trust_document),
    }


def _described(row: Row) -> dict[str, Any]:
    return {} if row.description is None else {"Description": row.description}


@iam.operation(on=to_be(ROLE), tags="Tags", writes=True)
def create_role(ctx: Context, request: CreateRoleRequestTypeDef) -> dict[str, Any]:
    """Make a role. The answer leaves description and session length out, as AWS's does (recorded: SNAP)."""
    path = request.get("Path", "/")
    refuse_reserved_path(path)
    trust = documents.check(request["AssumeRolePolicyDocument"], "trust", ctx.partition)
    trusted_principals.refuse_missing(ctx, trust)
    documents.refuse_over(request["AssumeRolePolicyDocument"], documents.TRUST_SIZE, "ACLSizePerRole")
    boundary = checked_boundary(ctx, ROLE, request)
    tags = checked_tags(ROLE, request.get("Tags", ()))
    refuse_full(ctx, ROLE)
    row = insert_new(
        ctx,
        ROLE,
        request["RoleName"],
        path=path,
        trust_document=request["AssumeRolePolicyDocument"],
        description=request.get("Description"),
        max_session_seconds=request.get("MaxSessionDuration", USUAL_SESSION_SECONDS),
        boundary_arn=boundary,
        service_principal=None,
        tags=tags,
    )
    record_boundary(ctx, ROLE, row)
    revisions.changed(ctx)
    ctx.note_resource(ROLE.arn_of(row))
    answer = brief(row) | boundary_shape(row)
    return {"Role": answer | ({"Tags": tag_list(row)} if tags else {})}


@iam.operation(on=role)
def get_role(ctx: Context, request: GetRoleRequestTypeDef) -> dict[str, Any]:
    """Tell everything about a role, also when it was last used."""
    row = ROLE.require(ctx, request["RoleName"])
    answer = brief(row) | _described(row) | boundary_shape(row)
    answer["MaxSessionDuration"] = row.max_session_seconds
    answer["RoleLastUsed"] = last_used(ctx, row)
    if row.tags:
        answer["Tags"] = tag_list(row)
    return {"Role": answer}


def last_used(ctx: Context, row: Row) -> dict[str, Any]:
    """RoleLastUsed: the newest call of the role's sessions within 400 days; empty where there was none."""
    newest = ctx.read.first(_NEWEST_ACCESS, of=ctx.account, in_partition=ctx.partition, principal=row.id)
    if newest is None or newest.last_at < ctx.now - TRACKED:
        return {}
    return {"LastUsedDate": newest.last_at.replace(microsecond=0), "Region": newest.region}


@iam.operation(on=listing(ROLE))
def list_roles(ctx: Context, request: ListRolesRequestTypeDef) -> dict[str, Any]:
    """List roles below a path; tags, boundary and last use are left out (recorded: SNAP)."""
    rows, end = list_page(ctx, ROLE, request)
    shown = [brief(row) | _described(row) | {"MaxSessionDuration": row.max_session_seconds} for row in rows]
    return {"Roles": shown, **end}


@iam.operation(on=role, writes=True)
def delete_role(ctx: Context, request: DeleteRoleRequestTypeDef) -> None:
    """Delete a role that nothing hangs on; its sessions end with it (text as in logs of Terraform's users)."""
    row = require_modifiable(ctx, ROLE, request["RoleName"])
    if ctx.write.first(_IN_PROFILE, inside=row.id) is not None:
        raise iam.error.DeleteConflictException(
            "Cannot delete entity, must remove roles from instance profile first."
        )
    refuse_owning(ctx, row)
    delete_row(ctx, ROLE, row)
    departed_principals.keep_ids(ctx.write, ROLE, row)
    record_boundary(ctx, ROLE, row, gone=True)
    revisions.changed(ctx)


@iam.operation(on=role, writes=True)
def update_role(ctx: Context, request: UpdateRoleRequestTypeDef) -> dict[str, Any]:
    """Change description and session length; of a service-linked role the description alone."""
    row = ROLE.require(ctx, request["RoleName"])
    values: dict[str, Any] = {}
    if "MaxSessionDuration" in request:
        refuse_protected(row)
        values["max_session_seconds"] = request["MaxSessionDuration"]
    if "Description" in request:
        values["description"] = request["Description"]
    if values:
        update_row(ctx, ROLE, row, **values)
        revisions.changed(ctx)
    return {}


@iam.operation(on=role, writes=True)
def update_assume_role_policy(ctx: Context, request: UpdateAssumeRolePolicyRequestTypeDef) -> None:
    """Replace the trust policy."""
    row = require_modifiable(ctx, ROLE, request["RoleName"])
    trust = documents.check(request["PolicyDocument"], "trust", ctx.partition)
    trusted_principals.refuse_missing(ctx, trust)
    documents.refuse_over(request["PolicyDocument"], documents.TRUST_SIZE, "ACLSizePerRole")
    update_row(ctx, ROLE, row, trust_document=request["PolicyDocument"])
    revisions.changed(ctx)
