"""Managed policies on users, groups and roles: attach, detach, list; and who has a policy."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, select

from batchyard.framework.context import Context
from batchyard.framework.noun import Noun
from batchyard.services.iam import revisions
from batchyard.services.iam.nouns import BY_KIND, GROUP, ROLE, USER, cut_page, find_by_id
from batchyard.services.iam.policies.documents import over_quota
from batchyard.services.iam.policies.managed_policies import check_arn, require_attachable, require_for
from batchyard.services.iam.principals.groups import members_of
from batchyard.services.iam.principals.ownership import list_attached
from batchyard.services.iam.principals.protection import refuse_linked_policy, require_modifiable
from batchyard.services.iam.resources import given_policy, with_policy_arn
from batchyard.services.iam.service import iam
from batchyard.services.iam.tables import attachments
from batchyard.store.prepared import Prepared, Row
from batchyard.store.upsert import insert_missing

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import ListEntitiesForPolicyRequestTypeDef

MOST_ATTACHED = 10

_USES = Prepared(
    select(attachments).where(
        attachments.c.account == bindparam("of"), attachments.c.policy_arn == bindparam("arn")
    )
)


def _attach(noun: Noun[Row], ctx: Context, request: Any) -> None:
    """Attach a managed policy; again changes nothing."""
    owner = require_modifiable(ctx, noun, request[noun.member])
    policy = require_attachable(ctx, request["PolicyArn"])
    refuse_linked_policy(policy, noun)
    others = [arn for arn in list_attached(ctx, owner) if arn != policy.arn]
    if len(others) >= MOST_ATTACHED:
        raise over_quota(f"PoliciesPer{noun.kind.capitalize()}", MOST_ATTACHED)
    attach(ctx, noun, owner.id, policy.arn)
    revisions.changed(ctx)


def attach(ctx: Context, noun: Noun[Row], owner_id: str, policy_arn: str) -> None:
    """Keep an attachment; what is there stays."""
    values = {
        "owner_id": owner_id,
        "policy_arn": policy_arn,
        "account": ctx.account,
        "owner_kind": noun.kind,
        "is_boundary": False,
    }
    ctx.write.run(insert_missing(attachments, values))


def _detach(noun: Noun[Row], ctx: Context, request: Any) -> None:
    """Raise NoSuchEntity where the policy is not attached (text recorded: SNAP)."""
    owner = require_modifiable(ctx, noun, request[noun.member])
    check_arn(request["PolicyArn"])
    gone = delete(attachments).where(
        attachments.c.owner_id == owner.id,
        attachments.c.policy_arn == request["PolicyArn"],
        attachments.c.is_boundary.is_(False),
    )
    if ctx.write.run(gone) == 0:
        raise iam.error.NoSuchEntityException(f"Policy {request['PolicyArn']} was not found.")
    revisions.changed(ctx)


def _list(noun: Noun[Row], ctx: Context, request: Any) -> dict[str, Any]:
    owner = noun.require(ctx, request[noun.member])
    prefix = request.get("PathPrefix", "/")
    arns = [arn for arn in list_attached(ctx, owner) if _path(arn).startswith(prefix)]
    shown, end = cut_page(arns, request, lambda arn: f"{policy_name(arn).lower()} {arn}")
    return {"AttachedPolicies": [{"PolicyName": policy_name(arn), "PolicyArn": arn} for arn in shown], **end}


def policy_name(arn: str) -> str:
    """The name at the end of a managed policy's ARN."""
    return arn.rsplit("/", 1)[-1]


def _path(arn: str) -> str:
    return arn.split(":policy", 1)[-1].removesuffix(policy_name(arn))


def users_of_policy(ctx: Context, policy_arn: str) -> list[str]:
    """The unique ids of the users and roles that a policy is attached to, directly or by a group."""
    found: list[str] = []
    for use in ctx.read.all(_USES, of=ctx.account, arn=policy_arn):
        if use.is_boundary:
            continue
        if use.owner_kind == GROUP.kind:
            found += [member.id for member in members_of(ctx, use.owner_id)]
        else:
            found.append(use.owner_id)
    return sorted(set(found))


@iam.operation(on=given_policy)
def list_entities_for_policy(ctx: Context, request: ListEntitiesForPolicyRequestTypeDef) -> dict[str, Any]:
    """List users, groups and roles that a policy is attached to or bounds, by pages over the three together."""
    policy = require_for(ctx, request["PolicyArn"])
    wanted = request.get("EntityFilter")
    wanted_kinds = {"User": "user", "Group": "group", "Role": "role"}
    usage = request.get("PolicyUsageFilter")
    prefix = request.get("PathPrefix", "/")
    found = []
    for use in ctx.read.all(_USES, of=ctx.account, arn=policy.arn):
        if wanted is not None and wanted_kinds.get(wanted) != use.owner_kind:
            continue
        if usage is not None and (usage == "PermissionsBoundary") is not bool(use.is_boundary):
            continue
        owner = find_by_id(BY_KIND[use.owner_kind], ctx.read, use.owner_id)
        if owner is not None and owner.path.startswith(prefix) and (use.owner_kind, owner) not in found:
            found.append((use.owner_kind, owner))
    shown, end = cut_page(found, request, lambda one: f"{one[0]} {one[1].name_key}")
    answer: dict[str, Any] = {"PolicyGroups": [], "PolicyUsers": [], "PolicyRoles": [], **end}
    for kind, owner in shown:
        label = kind.capitalize()
        answer[f"Policy{label}s"].append({f"{label}Name": owner.name, f"{label}Id": owner.id})
    return answer


for _noun in (USER, GROUP, ROLE):
    _kind, _both = _noun.kind, with_policy_arn(_noun)
    iam.operation(on=_both, writes=True, name=f"attach_{_kind}_policy")(partial(_attach, _noun))
    iam.operation(on=_both, writes=True, name=f"detach_{_kind}_policy")(partial(_detach, _noun))
    iam.operation(on=_noun.named(), name=f"list_attached_{_kind}_policies")(partial(_list, _noun))
