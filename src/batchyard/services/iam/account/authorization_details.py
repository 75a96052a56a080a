"""GetAccountAuthorizationDetails: users, groups, roles and policies with all that ties them together, by pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, select

from batchyard.framework.check import ANY
from batchyard.framework.context import Context
from batchyard.framework.effort import of_answer
from batchyard.framework.noun import Noun
from batchyard.framework.place import place
from batchyard.services.iam.nouns import GROUP, POLICY, ROLE, USER, USUAL_PAGE, page_end, position, tag_list
from batchyard.services.iam.policies import documents, policies
from batchyard.services.iam.policies.attached_policies import policy_name
from batchyard.services.iam.policies.boundaries import boundary_shape
from batchyard.services.iam.policies.managed_policies import entry_of, require_for
from batchyard.services.iam.policies.policy_versions import version_shape, versions_of
from batchyard.services.iam.principals import groups, roles, users
from batchyard.services.iam.principals.instance_profiles import profile_shape, profiles_of
from batchyard.services.iam.principals.ownership import list_attached, list_inline
from batchyard.services.iam.service import iam
from batchyard.services.iam.tables import attachments
from batchyard.store.prepared import Prepared, Row

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import GetAccountAuthorizationDetailsRequestTypeDef

_USED_AWS_POLICIES = Prepared(
    select(attachments.c.policy_arn)
    .where(
        attachments.c.account == bindparam("of"),
        attachments.c.policy_arn > bindparam("after"),
        attachments.c.policy_arn < bindparam("end"),
    )
    .distinct()
    .order_by(attachments.c.policy_arn)
    .limit(bindparam("count"))
)


@dataclass(frozen=True, slots=True)
class _Section:
    """One kind of detail: the Filter's word for it, where it stands in the answer, how it is paged and shown."""

    name: str
    member: str
    list_after: Callable[[Context, str, int], Iterable[tuple[str, Any]]]
    """(context, the key behind which to begin, how many) → each one's key and what `shape` takes."""
    shape: Callable[[Context, Any], dict[str, Any]]


def _rows_of(noun: Noun[Row]) -> Callable[[Context, str, int], Iterable[tuple[str, Any]]]:
    def list_after(ctx: Context, after: str, count: int) -> Iterable[tuple[str, Any]]:
        rows = noun.source.after(ctx.read, place(ctx), after, count, prefix="/")
        return [(row.name_key, row) for row in rows]

    return list_after


def _used_aws_policies(ctx: Context, after: str, count: int) -> Iterable[tuple[str, Any]]:
    """AWS's policies that the account uses; those that it does not use are left out, as AWS leaves them out."""
    prefix = f"arn:{ctx.partition}:iam::aws:policy/"
    found = ctx.read.all(
        _USED_AWS_POLICIES,
        of=ctx.account,
        after=after or prefix,
        end=prefix[:-1] + "0",
        count=count,
    )
    return [(row.policy_arn, row.policy_arn) for row in found]


def _attached(ctx: Context, row: Row) -> list[dict[str, str]]:
    return [{"PolicyName": policy_name(arn), "PolicyArn": arn} for arn in list_attached(ctx, row)]


def _inline(ctx: Context, row: Row) -> list[dict[str, str]]:
    return [
        {"PolicyName": one.name, "PolicyDocument": documents.encode(one.document)}
        for one in list_inline(ctx, row)
    ]


def _user(ctx: Context, row: Row) -> dict[str, Any]:
    """UserPolicyList is left out where it is empty, the other lists are not (recorded: SNAP)."""
    inline = _inline(ctx, row)
    return {
        **users.brief(row),
        **boundary_shape(row),
        "GroupList": [group.name for group in groups.groups_of(ctx, row.id)],
        "AttachedManagedPolicies": _attached(ctx, row),
        "Tags": tag_list(row),
        **({"UserPolicyList": inline} if inline else {}),
    }


def _group(ctx: Context, row: Row) -> dict[str, Any]:
    return {
        **groups.brief(row),
        "GroupPolicyList": _inline(ctx, row),
        "AttachedManagedPolicies": _attached(ctx, row),
    }


def _role(ctx: Context, row: Row) -> dict[str, Any]:
    return {
        **roles.brief(row),
        **boundary_shape(row),
        "InstanceProfileList": [profile_shape(ctx, one) for one in profiles_of(ctx, row)],
        "RolePolicyList": _inline(ctx, row),
        "AttachedManagedPolicies": _attached(ctx, row),
        "Tags": tag_list(row),
        "RoleLastUsed": roles.last_used(ctx, row),
    }


def _own_policy(ctx: Context, row: Row) -> dict[str, Any]:
    entry = entry_of(row)
    attached, bounding = policies.uses_of(ctx, entry.arn)
    versions = [
        version_shape(one, row.default_version) | {"Document": documents.encode(one.document)}
        for one in versions_of(ctx, row.id)
    ]
    described = {} if row.description is None else {"Description": row.description}
    return (
        policies.brief(entry, attached=attached, bounding=bounding)
        | described
        | {"PolicyVersionList": versions}
    )


def _aws_policy(ctx: Context, arn: str) -> dict[str, Any]:
    """One of AWS's policies; only its newest version is here."""
    policy = require_for(ctx, arn)
    attached, bounding = policies.uses_of(ctx, arn)
    version = {
        "VersionId": policy.default_version_id,
        "IsDefaultVersion": True,
        "CreateDate": policy.updated_at,
        "Document": documents.encode(policy.document),
    }
    return policies.brief(policy, attached=attached, bounding=bounding) | {"PolicyVersionList": [version]}


_SECTIONS = (
    _Section("User", "UserDetailList", _rows_of(USER), _user),
    _Section("Group", "GroupDetailList", _rows_of(GROUP), _group),
    _Section("Role", "RoleDetailList", _rows_of(ROLE), _role),
    _Section("LocalManagedPolicy", "Policies", _rows_of(POLICY), _own_policy),
    _Section("AWSManagedPolicy", "Policies", _used_aws_policies, _aws_policy),
)


_PER_ITEM = 200.0
"""Microseconds to look up all that hangs on a user, group, role or policy."""


@iam.operation(on=ANY)
def get_account_authorization_details(
    ctx: Context, request: GetAccountAuthorizationDetailsRequestTypeDef
) -> dict[str, Any]:
    """Tell all that Filter names; MaxItems counts the things of all kinds together."""
    kinds: Sequence[str] | None = request.get("Filter")
    wanted = kinds or [section.name for section in _SECTIONS]
    count = request.get("MaxItems", USUAL_PAGE)
    reached, _, after = position(request).partition(" ")
    answer: dict[str, Any] = {section.member: [] for section in _SECTIONS}
    found: list[tuple[str, _Section, Any]] = []
    names = [section.name for section in _SECTIONS]
    for section in _SECTIONS[names.index(reached) if reached in names else 0 :]:
        if section.name not in wanted or len(found) > count:
            continue
        behind = after if section.name == reached else ""
        for key, item in section.list_after(ctx, behind, count + 1 - len(found)):
            found.append((f"{section.name} {key}", section, item))
    for number, (_, section, item) in enumerate(found[:count]):
        if number and ctx.effort.is_used_up:
            count = number
            break
        shown = section.shape(ctx, item)
        ctx.effort.spend(_PER_ITEM + of_answer(shown))
        answer[section.member].append(shown)
    return {**answer, **page_end(found, count, lambda one: one[0])}
