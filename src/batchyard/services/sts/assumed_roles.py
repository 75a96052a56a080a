"""AssumeRole: the role's trust policy decides; the session lives as long as the role with this id."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from batchyard.clock import wall_now
from batchyard.framework.check import Check
from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.framework.ports import SessionTerms, TrustedRole
from batchyard.policy.document import MalformedPolicy, parse
from batchyard.services.sts.service import sts

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
    """sts:AssumeRole on the role, with its trust policy; a missing role trusts nobody."""
    arn = request["RoleArn"]
    role = _find(ctx, arn)
    context: dict[str, Any] = {"sts:RoleSessionName": request["RoleSessionName"]}
    if "ExternalId" in request:
        context["sts:ExternalId"] = request["ExternalId"]
    if "SourceIdentity" in request:
        context["sts:SourceIdentity"] = request["SourceIdentity"]
    account = arn.split(":")[4]
    yield Check(
        resource=arn,
        action="sts:AssumeRole",
        context=context,
        tags=(lambda: role.tags) if role is not None else None,
        account=account,
        trust=(arn, role.trust_document if role is not None else None),
    )
    if request.get("Tags"):
        yield Check(
            resource=arn,
            action="sts:TagSession",
            context={**context, **_tag_keys(request)},
            account=account,
            trust=(arn, role.trust_document if role is not None else None),
        )


@sts.operation(
    on=_trust, tags="Tags", refuses=("SerialNumber", "TokenCode", "ProvidedContexts"), read_only=True
)
def assume_role(ctx: Context, request: Any) -> dict[str, Any]:
    """Issue credentials for a session of the role."""
    role = _find(ctx, request["RoleArn"])
    if role is None:
        raise ApiError("AccessDenied", "Access denied", status=403)
    _check_duration(ctx, role, request)
    policies = _session_policies(request)
    tags = _tags(ctx, request)
    now = wall_now().replace(microsecond=0)
    account = role.arn.split(":")[4]
    terms = SessionTerms(
        session_name=request["RoleSessionName"],
        issued_at=now,
        expires_at=now + timedelta(seconds=request.get("DurationSeconds", CHAINED_SECONDS)),
        policies=policies,
        policy_arns=[one["arn"] for one in request.get("PolicyArns", ())],
        tags=tags,
        transitive_tag_keys=(*ctx.session.transitive_tag_keys, *request.get("TransitiveTagKeys", ())),
        source_identity=request.get("SourceIdentity") or ctx.session.source_identity,
    )
    session, credentials = ctx.runtime.issuer.issue_role(
        ctx.session, role, terms, account=account, epoch=ctx.runtime.epochs.of(account)
    )
    answer: dict[str, Any] = {
        "Credentials": credentials,
        "AssumedRoleUser": {"AssumedRoleId": session.principal_id, "Arn": session.arn},
    }
    if policies is not None:
        answer["PackedPolicySize"] = min(100, max(1, sum(map(len, policies)) * 100 // 2048))
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


def _session_policies(request: Any) -> tuple[str, ...] | None:
    """The session's policies; an empty tuple where only managed ones were given, None where none were."""
    if "Policy" not in request:
        return () if request.get("PolicyArns") else None
    try:
        parse(request["Policy"], kind="session")
    except MalformedPolicy as error:
        raise ApiError("MalformedPolicyDocument", str(error)) from error
    return (request["Policy"],)


def _tags(ctx: Context, request: Any) -> dict[str, str]:
    """Session tags with those carried on from the calling session (iam-evaluation.md 7 for the texts)."""
    tags: dict[str, str] = {}
    seen: set[str] = set()
    for tag in request.get("Tags", ()):
        if tag["Key"].lower() in seen:
            raise _invalid("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
        seen.add(tag["Key"].lower())
        tags[tag["Key"]] = tag["Value"]
    for key in request.get("TransitiveTagKeys", ()):
        if key.lower() not in seen:
            raise _invalid("The specified transitive tag key must be included in the requested tags.")
    carried = {key.lower() for key in ctx.session.transitive_tag_keys}
    if carried & seen:
        raise _invalid(
            "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key"
            " from the calling session."
        )
    for key in ctx.session.transitive_tag_keys:
        tags[key] = ctx.session.tags[key]
    return tags


def _tag_keys(request: Any) -> dict[str, Any]:
    return (
        {"sts:TransitiveTagKeys": tuple(request.get("TransitiveTagKeys", ()))}
        if request.get("TransitiveTagKeys")
        else {}
    )


def _invalid(text: str) -> ApiError:
    return ApiError("InvalidParameterValue", text)
