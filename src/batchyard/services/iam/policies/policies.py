"""Managed policies: the account's own are created and deleted, AWS's too are read and listed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, func, select

from batchyard.data.managed_policies import PolicyEntry, entries
from batchyard.framework.check import Check
from batchyard.framework.context import Context
from batchyard.services.iam import revisions
from batchyard.services.iam.nouns import POLICY, cut_page, delete_row, insert_new, tag_list
from batchyard.services.iam.policies import documents
from batchyard.services.iam.policies.managed_policies import (
    Managed,
    check_arn,
    entry_of,
    find_for,
    require_for,
)
from batchyard.services.iam.policies.policy_versions import insert_version, versions_of
from batchyard.services.iam.quotas import refuse_full
from batchyard.services.iam.resources import given_policy, to_be
from batchyard.services.iam.service import iam
from batchyard.services.iam.tables import attachments, policies, policy_versions
from batchyard.services.iam.tags import checked_tags
from batchyard.store.prepared import Prepared

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import (
        CreatePolicyRequestTypeDef,
        DeletePolicyRequestTypeDef,
        GetPolicyRequestTypeDef,
        ListPoliciesRequestTypeDef,
    )

_USES = Prepared(
    select(attachments.c.is_boundary, func.count().label("uses"))
    .where(attachments.c.account == bindparam("of"), attachments.c.policy_arn == bindparam("arn"))
    .group_by(attachments.c.is_boundary)
)
_ALL_USES = Prepared(
    select(attachments.c.policy_arn, attachments.c.is_boundary, func.count().label("uses"))
    .where(attachments.c.account == bindparam("of"))
    .group_by(attachments.c.policy_arn, attachments.c.is_boundary)
)
_OWN = Prepared(
    select(policies)
    .where(policies.c.partition == bindparam("in_partition"), policies.c.account == bindparam("of"))
    .order_by(policies.c.name_key)
)


def uses_of(ctx: Context, arn: str) -> tuple[int, int]:
    """How often a policy is attached, and how often it is a boundary, in the caller's account."""
    counted = {bool(row.is_boundary): row.uses for row in ctx.read.all(_USES, of=ctx.account, arn=arn)}
    return counted.get(False, 0), counted.get(True, 0)


def brief(policy: Managed | PolicyEntry, *, attached: int, bounding: int) -> dict[str, Any]:
    """What every answer says of a managed policy, with how often it is attached and how often it is a boundary."""
    return {
        "PolicyName": policy.name,
        "PolicyId": policy.policy_id,
        "Arn": policy.arn,
        "Path": policy.path,
        "DefaultVersionId": policy.default_version_id,
        "AttachmentCount": attached,
        "PermissionsBoundaryUsageCount": bounding,
        "IsAttachable": True,
        "CreateDate": policy.created_at,
        "UpdateDate": policy.updated_at,
    }


@iam.operation(on=to_be(POLICY, "PolicyName"), tags="Tags", writes=True)
def create_policy(ctx: Context, request: CreatePolicyRequestTypeDef) -> dict[str, Any]:
    """Make a customer managed policy with version v1."""
    documents.check(request["PolicyDocument"], "managed", ctx.partition)
    documents.refuse_over(request["PolicyDocument"], documents.MANAGED_SIZE, "PolicySize")
    tags = checked_tags(POLICY, request.get("Tags", ()))
    refuse_full(ctx, POLICY)
    row = insert_new(
        ctx,
        POLICY,
        request["PolicyName"],
        path=request.get("Path", "/"),
        description=request.get("Description"),
        default_version=1,
        last_version=1,
        updated_at=ctx.now.replace(microsecond=0),
        tags=tags,
    )
    insert_version(ctx, row.id, 1, request["PolicyDocument"])
    revisions.changed(ctx)
    ctx.note_resource(POLICY.arn_of(row))
    answer = brief(entry_of(row), attached=0, bounding=0)
    return {"Policy": answer | ({"Tags": tag_list(row)} if tags else {})}


@iam.operation(on=given_policy)
def get_policy(ctx: Context, request: GetPolicyRequestTypeDef) -> dict[str, Any]:
    """Tell about a managed policy, the account's own or AWS's."""
    policy = require_for(ctx, request["PolicyArn"])
    attached, bounding = uses_of(ctx, policy.arn)
    answer = brief(policy, attached=attached, bounding=bounding)
    if policy.description is not None:
        answer["Description"] = policy.description
    answer["Tags"] = [] if policy.row is None else tag_list(policy.row)
    return {"Policy": answer}


def _path_prefix(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    """AWS checks the listing of policies on the words `policy path /…` (recorded in denials)."""
    return [Check(resource=f"policy path {request.get('PathPrefix', '/')}")]


@iam.operation(on=_path_prefix)
def list_policies(ctx: Context, request: ListPoliciesRequestTypeDef) -> dict[str, Any]:
    """List managed policies by scope, path, use and attachment, in the order of their names."""
    uses = {
        (row.policy_arn, bool(row.is_boundary)): row.uses for row in ctx.read.all(_ALL_USES, of=ctx.account)
    }
    prefix = request.get("PathPrefix", "/")
    chosen = [
        policy for policy in _in_scope(ctx, request.get("Scope", "All")) if policy.path.startswith(prefix)
    ]
    usage = request.get("PolicyUsageFilter")
    if request.get("OnlyAttached") or usage is not None:
        used = {arn for arn, bounds in uses if usage is None or bounds is (usage == "PermissionsBoundary")}
        chosen = [policy for policy in chosen if policy.arn in used]
    shown, end = cut_page(chosen, request, lambda policy: f"{policy.name.lower()} {policy.arn}")
    return {
        "Policies": [
            brief(one, attached=uses.get((one.arn, False), 0), bounding=uses.get((one.arn, True), 0))
            for one in shown
        ],
        **end,
    }


def _in_scope(ctx: Context, scope: str) -> list[PolicyEntry]:
    own = [] if scope == "AWS" else ctx.read.all(_OWN, in_partition=ctx.partition, of=ctx.account)
    return [*map(entry_of, own), *(() if scope == "Local" else entries(ctx.partition))]


@iam.operation(on=given_policy, writes=True)
def delete_policy(ctx: Context, request: DeletePolicyRequestTypeDef) -> None:
    """Delete a customer managed policy that nobody has and that has no version but the default.

    Texts as recorded (SNAP) and in people's logs; for AWS's own a [guess].
    """
    check_arn(request["PolicyArn"])
    row = POLICY.find(ctx, request["PolicyArn"])
    if row is None:
        if find_for(ctx, request["PolicyArn"]) is not None:
            raise iam.error.InvalidInputException("Cannot delete an AWS managed policy.")
        raise POLICY.missing(ctx, request["PolicyArn"])
    if any(uses_of(ctx, request["PolicyArn"])):
        raise iam.error.DeleteConflictException("Cannot delete a policy attached to entities.")
    if len(versions_of(ctx, row.id)) > 1:
        raise iam.error.DeleteConflictException(
            "This policy has more than one version. Before you delete a policy, you must delete the policy's"
            " versions. The default version is deleted with the policy."
        )
    ctx.write.run(delete(policy_versions).where(policy_versions.c.policy_id == row.id))
    delete_row(ctx, POLICY, row)
    revisions.changed(ctx)
