"""AssumeRole: the role's trust policy decides; the session lives as long as the role with this id."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from batchyard.clock import wall_now
from batchyard.framework.check import Check, Values
from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.framework.ports import SessionTerms, TrustedRole
from batchyard.services.sts.multi_factor import multi_factor_keys
from batchyard.services.sts.service import sts
from batchyard.services.sts.session_policies import packed_size, policy_arns, session_policies
from batchyard.services.sts.session_tags import session_tags

CHAINED_SECONDS = 3600
_ROLE_ARN = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):iam::(?P<account>[0-9]{12}):role/(?P<path>.*/)?(?P<name>[^/]+)"
)


def _find(ctx: Context, arn: str) -> TrustedRole | None:
    """The role with exactly this ARN; None where there is none (also where only the path differs)."""
    match = _ROLE_ARN.fullmatch(arn)
    if match is None:
        raise ApiError("ValidationError", f"{arn} is invalid", status=400)
    if match["partition"] != ctx.partition:
        return None
    role = ctx.runtime.policies.find_role(ctx.read, ctx.partition, match["account"], match["name"])
    return role if role is not None and role.arn == arn else None


def _trust(ctx: Context, request: Any) -> Iterable[Check]:
    """Each permission that the call needs on the role, of caller and trust policy; a missing role trusts nobody.

    Session tags need sts:TagSession, a source identity sts:SetSourceIdentity, also one that the calling session
    carries on (IAM user guide, "Monitor and control actions taken with assumed roles").
    """
    arn = request["RoleArn"]
    role = _find(ctx, arn)
    identity = request.get("SourceIdentity") or ctx.session.source_identity
    given = {
        "sts:RoleSessionName": request["RoleSessionName"],
        "sts:ExternalId": request.get("ExternalId"),
        "sts:SourceIdentity": identity,
    }
    context: dict[str, Values] = {key: value for key, value in given.items() if value}
    context |= multi_factor_keys(ctx, request)
    if request.get("TransitiveTagKeys"):
        context["sts:TransitiveTagKeys"] = tuple(request["TransitiveTagKeys"])
    wanted = {"AssumeRole": True, "TagSession": request.get("Tags"), "SetSourceIdentity": identity}
    for action in (f"sts:{name}" for name, needed in wanted.items() if needed):
        yield Check(
            resource=arn,
            action=action,
            context=context,
            tags=(lambda: role.tags) if role is not None else None,
            account=arn.split(":")[4],
            trust=(arn, role.trust_document if role is not None else None),
        )


@sts.operation(
    on=_trust,
    tags="Tags",
    refuses=("ProvidedContexts", "MinimumSessionTokenSize"),
    read_only=True,
)
def assume_role(ctx: Context, request: Any) -> dict[str, Any]:
    """Issue credentials for a session of the role."""
    role = _find(ctx, request["RoleArn"])
    if role is None:
        raise ApiError("AccessDenied", "Access denied", status=403)
    if ctx.session.kind == "root":
        raise ApiError("AccessDenied", "Roles may not be assumed by root accounts.", status=403)
    _check_duration(ctx, role, request)
    _check_source_identity(ctx, request)
    policies = session_policies(request)
    transitive = request.get("TransitiveTagKeys", ())
    tags = session_tags(request.get("Tags", ()), transitive, ctx.session)
    size = packed_size(request, tags)
    now = wall_now().replace(microsecond=0)
    account = role.arn.split(":")[4]
    terms = SessionTerms(
        session_name=request["RoleSessionName"],
        issued_at=now,
        expires_at=now + timedelta(seconds=request.get("DurationSeconds", CHAINED_SECONDS)),
        policies=policies,
        policy_arns=policy_arns(request),
        tags=tags,
        transitive_tag_keys=(*ctx.session.transitive_tag_keys, *transitive),
        source_identity=request.get("SourceIdentity") or ctx.session.source_identity,
    )
    session, credentials = ctx.runtime.issuer.issue_role(
        ctx.session, role, terms, account=account, epoch=ctx.runtime.epochs.of(account)
    )
    answer: dict[str, Any] = {
        "Credentials": credentials,
        "AssumedRoleUser": {"AssumedRoleId": session.principal_id, "Arn": session.arn},
        **size,
    }
    if terms.source_identity:
        answer["SourceIdentity"] = terms.source_identity
    return answer


def _check_duration(ctx: Context, role: TrustedRole, request: Any) -> None:
    seconds = request.get("DurationSeconds", CHAINED_SECONDS)
    if ctx.session.kind == "role" and seconds > CHAINED_SECONDS:
        text = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
        raise ApiError("ValidationError", text)
    if seconds > role.max_session_seconds:
        text = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
        raise ApiError("ValidationError", text)


def _check_source_identity(ctx: Context, request: Any) -> None:
    """Once set, a source identity stays through role chaining (IAM user guide); the text is a guess."""
    carried = ctx.session.source_identity
    if carried is not None and request.get("SourceIdentity", carried) != carried:
        raise ApiError("AccessDenied", "The source identity of a session cannot be changed.", status=403)
