"""AssumeRole: the role's trust policy decides; the session lives as long as the role with this id."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from batchyard.framework.check import Check, Values
from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.services.sts.multi_factor import multi_factor_keys
from batchyard.services.sts.role_sessions import CHAINED_SECONDS, Asked, checks, issue
from batchyard.services.sts.service import sts

if TYPE_CHECKING:
    from types_boto3_sts.type_defs import AssumeRoleRequestTypeDef


def _asked(ctx: Context, request: Any) -> Asked:
    return Asked(
        session_name=request["RoleSessionName"],
        seconds=request.get("DurationSeconds", CHAINED_SECONDS),
        tags=tuple(request.get("Tags", ())),
        transitive_tag_keys=tuple(request.get("TransitiveTagKeys", ())),
        source_identity=request.get("SourceIdentity") or ctx.session.source_identity,
        context_providers=tuple(one.get("ProviderArn", "") for one in request.get("ProvidedContexts", ())),
    )


def _trust(ctx: Context, request: Any) -> Iterable[Check]:
    context: dict[str, Values] = dict(multi_factor_keys(ctx, request))
    if request.get("ExternalId"):
        context["sts:ExternalId"] = request["ExternalId"]
    yield from checks(ctx, request["RoleArn"], _asked(ctx, request), context, action="AssumeRole")


@sts.operation(
    on=_trust,
    tags="Tags",
    read_only=True,
)
def assume_role(ctx: Context, request: AssumeRoleRequestTypeDef) -> dict[str, Any]:
    """Issue credentials for a session of the role (text for root as in people's logs)."""
    if ctx.session.kind == "root":
        raise ApiError("AccessDenied", "Roles may not be assumed by root accounts.", status=403)
    _check_source_identity(ctx, request)
    if request.get("ProvidedContexts"):
        # No context provider is here whose assertions STS would have sealed; the text is a guess.
        raise sts.error.InvalidContextAssertionException("The provided context assertion is invalid.")
    return issue(ctx, request, _asked(ctx, request))


def _check_source_identity(ctx: Context, request: Any) -> None:
    """Once set, a source identity stays through role chaining (IAM user guide); the text is a guess."""
    carried = ctx.session.source_identity
    if carried is not None and request.get("SourceIdentity", carried) != carried:
        raise ApiError("AccessDenied", "The source identity of a session cannot be changed.", status=403)
