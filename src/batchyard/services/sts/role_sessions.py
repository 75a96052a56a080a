"""What all three ways into a role share: the role, the permissions that are asked for on it, the session's issue."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from batchyard.clock import wall_now
from batchyard.framework.check import Check, Values
from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.framework.ports import SessionTerms, TrustedRole
from batchyard.framework.reserved_tags import is_reserved
from batchyard.framework.tag_keys import request_tag_keys, request_tags
from batchyard.services.sts.session_policies import packed_size, policy_arns, session_policies
from batchyard.services.sts.session_tags import reserved, session_tags
from batchyard.services.sts.token_sizes import least_token_bytes, token_size

CHAINED_SECONDS = 3600
ROLE_ARN = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):iam::(?P<account>[0-9]{12}):role/(?P<path>.*/)?(?P<name>[^/]+)"
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a role, whoever says it: the request itself, or an identity provider's token."""

    session_name: str
    seconds: int
    tags: tuple[Mapping[str, str], ...] = ()
    """As {Key, Value} pairs."""
    transitive_tag_keys: tuple[str, ...] = ()
    source_identity: str | None = None
    provider: str | None = None
    """The identity provider's ARN or name, where one vouches for the caller."""
    keys: Mapping[str, Values] = field(default_factory=dict)
    """The condition keys that the provider's token gives the session."""
    context_providers: tuple[str, ...] = ()
    """The ARNs of those whose contexts are to be set in the session."""


def find_role(ctx: Context, arn: str) -> TrustedRole | None:
    """The role with exactly this ARN; None where there is none (also where only the path differs).

    Text: iam-evaluation.md 7.
    """
    match = ROLE_ARN.fullmatch(arn)
    if match is None:
        raise ApiError("ValidationError", f"{arn} is invalid", status=400)
    if match["partition"] != ctx.partition:
        return None
    role = ctx.runtime.policies.find_role(ctx.read, ctx.partition, match["account"], match["name"])
    return role if role is not None and role.arn == arn else None


def owner(request: Mapping[str, Any]) -> tuple[str, str] | None:
    """Partition and account of the role that a request names; None where what it names is no role's ARN."""
    match = ROLE_ARN.fullmatch(str(request.get("RoleArn", "")))
    return None if match is None else (match["partition"], match["account"])


def checks(
    ctx: Context, arn: str, asked: Asked, context: Mapping[str, Values], *, action: str
) -> Iterator[Check]:
    """Each permission that the call needs on the role, of caller and trust policy; a missing role trusts nobody.

    Session tags need sts:TagSession, a source identity sts:SetSourceIdentity, also an identity that the calling session
    carries on (IAM user guide, "Monitor and control actions taken with assumed roles").
    """
    role = find_role(ctx, arn)
    given = {"sts:RoleSessionName": asked.session_name, "sts:SourceIdentity": asked.source_identity}
    known: dict[str, Values] = {key: value for key, value in given.items() if value}
    known |= context
    if asked.provider is not None:
        # Tags that stand in the request itself are the gateway's to tell (`tags="Tags"`).
        known |= request_tag_keys(request_tags(asked.tags))
    if asked.transitive_tag_keys:
        known["sts:TransitiveTagKeys"] = asked.transitive_tag_keys
    if asked.context_providers:
        known["sts:RequestContextProviders"] = asked.context_providers
    wanted = {
        action: True,
        "TagSession": asked.tags,
        "SetSourceIdentity": asked.source_identity,
        "SetContext": asked.context_providers,
    }
    for name in (name for name, needed in wanted.items() if needed):
        yield Check(
            resource=arn,
            action=f"sts:{name}",
            context=known,
            tags=(lambda: role.tags) if role is not None else None,
            account=arn.split(":")[4],
            trust=(arn, role.trust_document if role is not None else None),
            provider=asked.provider,
            # Who comes from an identity provider is not told who they are (guide: "Troubleshooting SAML").
            refusal=f"Not authorized to perform sts:{name}" if asked.provider else None,
        )


def issue(ctx: Context, request: Any, asked: Asked) -> dict[str, Any]:
    """A session of the role that the request names, as the answer's members that all three ways share.

    A missing role: iam-evaluation.md 6, short form.
    """
    role = find_role(ctx, request["RoleArn"])
    if role is None:
        raise ApiError("AccessDenied", "Access denied", status=403)
    _check_duration(ctx, role, asked.seconds)
    if asked.provider is not None and any(is_reserved(tag["Key"]) for tag in asked.tags):
        # Tags of the request itself are looked at before.
        raise reserved(ctx, "Tags")
    tags = session_tags(asked.tags, asked.transitive_tag_keys, ctx.session)
    policies = session_policies(request)
    size = packed_size(request, tags)
    now = wall_now().replace(microsecond=0)
    account = role.arn.split(":")[4]
    terms = SessionTerms(
        session_name=asked.session_name,
        issued_at=now,
        expires_at=now + timedelta(seconds=asked.seconds),
        policies=policies,
        policy_arns=policy_arns(request),
        tags=tags,
        transitive_tag_keys=(*ctx.session.transitive_tag_keys, *asked.transitive_tag_keys),
        source_identity=asked.source_identity,
        federated_provider=asked.provider,
        federated_keys=asked.keys,
        least_token_bytes=least_token_bytes(request),
    )
    session, credentials = ctx.runtime.issuer.issue_role(
        ctx.session, role, terms, account=account, epoch=ctx.runtime.epochs.of(account)
    )
    answer: dict[str, Any] = {
        "Credentials": credentials,
        "AssumedRoleUser": {"AssumedRoleId": session.principal_id, "Arn": session.arn},
        **size,
        **token_size(credentials),
    }
    if asked.source_identity:
        answer["SourceIdentity"] = asked.source_identity
    return answer


def pairs(tags: Mapping[str, str] | Iterable[tuple[str, str]]) -> tuple[Mapping[str, str], ...]:
    """Tags as {Key, Value} pairs."""
    return tuple({"Key": key, "Value": value} for key, value in dict(tags).items())


def _check_duration(ctx: Context, role: TrustedRole, seconds: int) -> None:
    if ctx.session.kind == "role" and seconds > CHAINED_SECONDS:
        text = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
        raise ApiError("ValidationError", text)
    if seconds > role.max_session_seconds:
        text = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
        raise ApiError("ValidationError", text)
