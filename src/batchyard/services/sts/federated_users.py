"""GetFederationToken: a session for somebody whom the caller vouches for, within the caller's permissions."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from batchyard.clock import wall_now
from batchyard.framework.check import Check
from batchyard.framework.context import Context
from batchyard.framework.ports import SessionTerms
from batchyard.services.sts.service import sts
from batchyard.services.sts.session_policies import packed_size, policy_arns, session_policies
from batchyard.services.sts.session_tags import session_tags
from batchyard.services.sts.session_tokens import lifetime_seconds
from batchyard.services.sts.token_sizes import least_token_bytes, token_size

if TYPE_CHECKING:
    from types_boto3_sts.type_defs import GetFederationTokenRequestTypeDef


def _federated_user(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    """The session's ARN (recorded: ryanto/next-s3-upload#185); tags need sts:TagSession, too."""
    arn = f"arn:{ctx.partition}:sts::{ctx.account}:federated-user/{request['Name']}"
    yield Check(resource=arn)
    if request.get("Tags"):
        yield Check(resource=arn, action="sts:TagSession")


@sts.operation(on=_federated_user, tags="Tags", read_only=False)
def get_federation_token(ctx: Context, request: GetFederationTokenRequestTypeDef) -> dict[str, Any]:
    """Issue a federated user's credentials: without a session policy they may do nothing of their own.

    They live as long as the user, and outlive the key that asked for them, as on AWS.
    """
    tags = session_tags(request.get("Tags", ()), ())
    size = packed_size(request, tags)
    now = wall_now().replace(microsecond=0)
    terms = SessionTerms(
        session_name=request["Name"],
        issued_at=now,
        expires_at=now + timedelta(seconds=lifetime_seconds(ctx, request)),
        policies=session_policies(request),
        policy_arns=policy_arns(request),
        tags=tags,
        least_token_bytes=least_token_bytes(request),
    )
    session, credentials = ctx.runtime.issuer.issue_federated(ctx.session, terms)
    return {
        "Credentials": credentials,
        "FederatedUser": {"FederatedUserId": session.principal_id, "Arn": session.arn},
        **size,
        **token_size(credentials),
    }
