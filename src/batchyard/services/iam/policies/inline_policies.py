"""Inline policies of users, groups and roles: put, get, list, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, select

from batchyard.framework.context import Context
from batchyard.services.iam import revisions
from batchyard.services.iam.nouns import GROUP, ROLE, USER, Noun, cut_page, require
from batchyard.services.iam.policies import documents
from batchyard.services.iam.principals.ownership import list_inline
from batchyard.services.iam.principals.protection import require_modifiable
from batchyard.services.iam.resources import group, role, user
from batchyard.services.iam.service import iam
from batchyard.services.iam.tables import inline_policies
from batchyard.store.prepared import Prepared
from batchyard.store.upsert import upsert

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import (
        DeleteGroupPolicyRequestTypeDef,
        DeleteRolePolicyRequestTypeDef,
        DeleteUserPolicyRequestTypeDef,
        GetGroupPolicyRequestTypeDef,
        GetRolePolicyRequestTypeDef,
        GetUserPolicyRequestTypeDef,
        ListGroupPoliciesRequestTypeDef,
        ListRolePoliciesRequestTypeDef,
        ListUserPoliciesRequestTypeDef,
        PutGroupPolicyRequestTypeDef,
        PutRolePolicyRequestTypeDef,
        PutUserPolicyRequestTypeDef,
    )

_ONE = Prepared(
    select(inline_policies).where(
        inline_policies.c.owner_id == bindparam("owner"), inline_policies.c.name_key == bindparam("key")
    )
)


def _put(ctx: Context, noun: Noun, request: Any) -> None:
    owner = require_modifiable(ctx, noun, request[noun.member])
    name, document = request["PolicyName"], request["PolicyDocument"]
    documents.check(document, "identity", ctx.partition)
    others = [one for one in list_inline(ctx, owner) if one.name_key != name.lower()]
    quota = documents.INLINE_SIZE[noun.kind]
    if documents.size(document) + sum(documents.size(one.document) for one in others) > quota:
        text = f"Maximum policy size of {quota} bytes exceeded for {noun.kind} {owner.name}"
        raise iam.error.LimitExceededException(text)
    place = {"owner_id": owner.id, "name_key": name.lower(), "account": ctx.account}
    ctx.write.run(upsert(inline_policies, {**place, "name": name, "document": document}))
    revisions.changed(ctx)


def _get(ctx: Context, noun: Noun, request: Any) -> dict[str, Any]:
    owner = require(ctx, noun, request[noun.member])
    found = ctx.read.first(_ONE, owner=owner.id, key=request["PolicyName"].lower())
    if found is None:
        raise _missing(noun, request["PolicyName"])
    return {
        noun.member: owner.name,
        "PolicyName": found.name,
        "PolicyDocument": documents.encode(found.document),
    }


def _list(ctx: Context, noun: Noun, request: Any) -> dict[str, Any]:
    owner = require(ctx, noun, request[noun.member])
    shown, end = cut_page(list_inline(ctx, owner), request, lambda one: one.name_key)
    return {"PolicyNames": [one.name for one in shown], **end}


def _delete(ctx: Context, noun: Noun, request: Any) -> None:
    owner = require_modifiable(ctx, noun, request[noun.member])
    gone = delete(inline_policies).where(
        inline_policies.c.owner_id == owner.id,
        inline_policies.c.name_key == request["PolicyName"].lower(),
    )
    if ctx.write.run(gone) == 0:
        raise _missing(noun, request["PolicyName"])
    revisions.changed(ctx)


def _missing(noun: Noun, name: str) -> Exception:
    text = f"The {noun.kind} policy with name {name} cannot be found."
    return iam.error.NoSuchEntityException(text)


@iam.operation(on=user, writes=True)
def put_user_policy(ctx: Context, request: PutUserPolicyRequestTypeDef) -> None:
    """Write a user's inline policy, new or in place of one with the same name."""
    _put(ctx, USER, request)


@iam.operation(on=user)
def get_user_policy(ctx: Context, request: GetUserPolicyRequestTypeDef) -> dict[str, Any]:
    """Tell a user's inline policy."""
    return _get(ctx, USER, request)


@iam.operation(on=user)
def list_user_policies(ctx: Context, request: ListUserPoliciesRequestTypeDef) -> dict[str, Any]:
    """List the names of a user's inline policies."""
    return _list(ctx, USER, request)


@iam.operation(on=user, writes=True)
def delete_user_policy(ctx: Context, request: DeleteUserPolicyRequestTypeDef) -> None:
    """Delete a user's inline policy."""
    _delete(ctx, USER, request)


@iam.operation(on=group, writes=True)
def put_group_policy(ctx: Context, request: PutGroupPolicyRequestTypeDef) -> None:
    """Write a group's inline policy, new or in place of one with the same name."""
    _put(ctx, GROUP, request)


@iam.operation(on=group)
def get_group_policy(ctx: Context, request: GetGroupPolicyRequestTypeDef) -> dict[str, Any]:
    """Tell a group's inline policy."""
    return _get(ctx, GROUP, request)


@iam.operation(on=group)
def list_group_policies(ctx: Context, request: ListGroupPoliciesRequestTypeDef) -> dict[str, Any]:
    """List the names of a group's inline policies."""
    return _list(ctx, GROUP, request)


@iam.operation(on=group, writes=True)
def delete_group_policy(ctx: Context, request: DeleteGroupPolicyRequestTypeDef) -> None:
    """Delete a group's inline policy."""
    _delete(ctx, GROUP, request)


@iam.operation(on=role, writes=True)
def put_role_policy(ctx: Context, request: PutRolePolicyRequestTypeDef) -> None:
    """Write a role's inline policy, new or in place of one with the same name."""
    _put(ctx, ROLE, request)


@iam.operation(on=role)
def get_role_policy(ctx: Context, request: GetRolePolicyRequestTypeDef) -> dict[str, Any]:
    """Tell a role's inline policy."""
    return _get(ctx, ROLE, request)


@iam.operation(on=role)
def list_role_policies(ctx: Context, request: ListRolePoliciesRequestTypeDef) -> dict[str, Any]:
    """List the names of a role's inline policies."""
    return _list(ctx, ROLE, request)


@iam.operation(on=role, writes=True)
def delete_role_policy(ctx: Context, request: DeleteRolePolicyRequestTypeDef) -> None:
    """Delete a role's inline policy."""
    _delete(ctx, ROLE, request)
