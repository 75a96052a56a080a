"""What bounds a principal, read through IAM's own operations: its policies, its boundary, its tags."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from batchyard.cli.refusal import Refusal
from batchyard.policy.document import Kind, MalformedPolicy, Policy, parse
from batchyard.policy.principal import Principal
from batchyard.policy.sources import PolicySet, Source

_ARN = re.compile(
    r"arn:(?P<partition>[^:]+):(?:(?:iam|sts)::(?P<account>[0-9]{12})):"
    r"(?:(?P<root>root)|user/(?:.*/)?(?P<user>[^/]+)|role/(?:.*/)?(?P<role>[^/]+)"
    r"|assumed-role/(?P<assumed>[^/]+)/(?P<session>[^/]+))"
)


@dataclass(frozen=True, slots=True)
class Bound:
    """A principal with all that IAM keeps of it."""

    principal: Principal
    policies: PolicySet
    tags: Mapping[str, str]
    user_name: str | None = None


def read_principal(iam: Any, arn: str) -> Bound:
    """The principal of this ARN: root, a user, a role, or the role behind a session; raises Refusal."""
    found = _ARN.fullmatch(arn)
    if found is None:
        raise Refusal(f"`--principal` takes the ARN of a user, a role, a role's session or root, not `{arn}`")
    if found["root"]:
        return Bound(Principal("root", found["account"], arn, found["account"]), PolicySet(), {})
    if found["user"]:
        return _user(iam, arn, found["account"], found["user"])
    role = iam.get_role(RoleName=found["role"] or found["assumed"])["Role"]
    session_name = found["session"] or "explain"
    if found["role"] and role["Arn"] != arn:
        raise Refusal(f"there is no role `{arn}`: the role of that name is `{role['Arn']}`")
    _require_account(role["Arn"], found["account"])
    session_arn = (
        f"arn:{found['partition']}:sts::{found['account']}:assumed-role/{role['RoleName']}/{session_name}"
    )
    principal = Principal(
        "role-session", found["account"], session_arn, f"{role['RoleId']}:{session_name}", role["Arn"]
    )
    return Bound(principal, _policy_set(iam, "role", role["RoleName"], role), _tags(role))


def _user(iam: Any, arn: str, account: str, name: str) -> Bound:
    user = iam.get_user(UserName=name)["User"]
    if user["Arn"] != arn:
        raise Refusal(f"there is no user `{arn}`: the user of that name is `{user['Arn']}`")
    principal = Principal("user", account, arn, user["UserId"])
    return Bound(principal, _policy_set(iam, "user", name, user), _tags(user), name)


def _require_account(arn: str, account: str) -> None:
    if arn.split(":")[4] != account:
        raise Refusal(f"the credentials are of another account than `{account}`: IAM shows only its own")


def _policy_set(iam: Any, kind: str, name: str, shape: Mapping[str, Any]) -> PolicySet:
    sources = list(_owned(iam, kind, name, shape["Arn"]))
    if kind == "user":
        for group in _pages(iam, "list_groups_for_user", "Groups", UserName=name):
            sources += _owned(iam, "group", group["GroupName"], group["Arn"])
    limit = shape.get("PermissionsBoundary")
    boundary = _managed(iam, limit["PermissionsBoundaryArn"], "boundary") if limit else None
    return PolicySet(identity=tuple(sources), boundary=boundary)


def _owned(iam: Any, kind: str, name: str, arn: str) -> Iterator[Source]:
    """An owner's inline policies and the managed policies attached to it, named as the audit names them."""
    owner = {f"{kind.title()}Name": name}
    get: Callable[..., Any] = getattr(iam, f"get_{kind}_policy")
    for policy in _pages(iam, f"list_{kind}_policies", "PolicyNames", **owner):
        document = get(PolicyName=policy, **owner)["PolicyDocument"]
        yield Source(kind, f"{arn}/{policy}", None, None, _parsed(document, "identity", f"{arn}/{policy}"))
    for attached in _pages(iam, f"list_attached_{kind}_policies", "AttachedPolicies", **owner):
        yield _managed(iam, attached["PolicyArn"], "managed")


def _managed(iam: Any, arn: str, kind: str) -> Source:
    policy = iam.get_policy(PolicyArn=arn)["Policy"]
    version = policy["DefaultVersionId"]
    document = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
    read = _parsed(document, "aws-managed" if ":iam::aws:" in arn else "managed", arn)
    return Source(kind, policy["PolicyName"], arn, version, read)


def trust_policy(iam: Any, role_arn: str) -> Source:
    """The trust policy of a role of the account; raises Refusal for a role of another account, or path."""
    role = iam.get_role(RoleName=role_arn.rsplit("/", 1)[-1])["Role"]
    if role["Arn"] != role_arn:
        raise Refusal(
            f"cannot read the trust policy of `{role_arn}`: the role of that name here is `{role['Arn']}`"
        )
    return Source(
        "trust", role_arn, role_arn, None, _parsed(role["AssumeRolePolicyDocument"], "trust", role_arn)
    )


def _parsed(document: Any, kind: Kind, name: str) -> Policy:
    try:
        return parse(document, kind=kind)
    except MalformedPolicy as error:
        raise Refusal(f"cannot read the policy `{name}`: {str(error).rstrip('.')}") from error


def _pages(iam: Any, operation: str, member: str, **request: Any) -> Iterator[Any]:
    for page in iam.get_paginator(operation).paginate(**request):
        yield from page[member]


def _tags(shape: Mapping[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in shape.get("Tags", ())}
