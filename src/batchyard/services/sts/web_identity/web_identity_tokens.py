"""GetWebIdentityToken: a signed token that tells services elsewhere who the caller is here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson

from batchyard import ids
from batchyard.clock import wall_now
from batchyard.framework.check import Check, Values
from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.framework.ports import SigningKey
from batchyard.identity.token_issuers import ALGORITHMS, AWS_CLAIMS, issuer_url
from batchyard.services.sts.service import sts
from batchyard.services.sts.session_tags import session_tags

if TYPE_CHECKING:
    from types_boto3_sts.type_defs import GetWebIdentityTokenRequestTypeDef

USUAL_SECONDS = 300
LARGEST_PAYLOAD = 14_984
"""In bytes. The largest that AWS took in the recording, which refused a token of a byte or two more."""
AWS_IDENTITY = "AWSIdentity"


def _self(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    """The caller's own session, as AWS's denials name it; tags in the token need a permission of their own."""
    context: dict[str, Values] = {
        "sts:IdentityTokenAudience": tuple(request["Audience"]),
        "sts:DurationSeconds": str(request.get("DurationSeconds", USUAL_SECONDS)),
        "sts:SigningAlgorithm": request["SigningAlgorithm"],
        "sts:SubjectMode": request.get("SubjectMode", AWS_IDENTITY),
    }
    resource = f"arn:{ctx.partition}:sts::{ctx.account}:self"
    yield Check(resource=resource, context=context)
    if request.get("Tags"):
        yield Check(resource=resource, action="sts:TagGetWebIdentityToken", context=context)


@sts.operation(on=_self, tags="Tags", takes_reserved_tags=True, read_only=False)
def get_web_identity_token(ctx: Context, request: GetWebIdentityTokenRequestTypeDef) -> dict[str, Any]:
    """Issue a token of the account's issuer; whoever reads the issuer's public keys can verify it.

    Order, texts and claims are recorded where not marked: radkawar/stackd, testdata/aws/iam/outbound_identity.json
    and outbound_issuance.json; IAM user guide, "Understanding token claims".
    """
    _check(request)
    tags = session_tags(request.get("Tags", ()), ())
    if ctx.session.kind == "federated-user":
        raise ApiError(
            "AccessDenied", "GetWebIdentityToken does not support federated user sessions", status=403
        )
    now = wall_now()
    expires = now + timedelta(seconds=request.get("DurationSeconds", USUAL_SECONDS))
    if ctx.session.expires_at is not None and expires > ctx.session.expires_at:
        text = "Requested token expiry time must be before the original session's expiry time."
        raise sts.error.SessionDurationEscalationException(text)
    key = ctx.runtime.token_issuers.find_signing_key(
        ctx.read, ctx.partition, ctx.account, request["SigningAlgorithm"]
    )
    if key is None:
        raise sts.error.OutboundWebIdentityFederationDisabledException(
            "OutboundWebIdentityFederation is disabled."
        )
    claims = _claims(ctx, request, tags, key, now=now)
    if len(orjson.dumps(claims)) > LARGEST_PAYLOAD:
        raise sts.error.JWTPayloadSizeExceededException("JWT payload exceeds maximum allowed size")
    return {"WebIdentityToken": _signed(claims, key, request["SigningAlgorithm"]), "Expiration": expires}


def _check(request: Mapping[str, Any]) -> None:
    """Refuse what the model does not know to be wrong.

    An origin identity comes from a trusted identity propagation context, which no session here has; a scope is for
    such tokens alone (botocore, GetWebIdentityToken; the texts for both are guesses).
    """
    if request["SigningAlgorithm"] not in ALGORITHMS:
        raise ApiError(
            "ValidationError",
            "Requested SigningAlgorithm is not supported. See the GetWebIdentityToken documentation for supported"
            " algorithms",
        )
    if request.get("SubjectMode", AWS_IDENTITY) != AWS_IDENTITY:
        text = "The calling session has no trusted identity propagation context with an origin identity."
        raise ApiError("ValidationError", text)
    if "Scope" in request:
        raise ApiError("ValidationError", "Scope can be given with the subject mode OriginIdentity only.")


def _claims(
    ctx: Context, request: Any, tags: Mapping[str, str], key: SigningKey, *, now: datetime
) -> dict[str, Any]:
    issued = int(now.timestamp())
    audience = request["Audience"]
    subject = _subject(ctx)
    return {
        "aud": audience[0] if len(audience) == 1 else audience,
        "sub": subject,
        AWS_CLAIMS: _aws_claims(ctx, subject) | ({"request_tags": dict(tags)} if tags else {}),
        "iss": issuer_url(ctx.runtime.public_url, key.issuer_id),
        "exp": issued + request.get("DurationSeconds", USUAL_SECONDS),
        "iat": issued,
        "jti": ids.uuid4(),
    }


def _subject(ctx: Context) -> str:
    """The principal: of a session the role, with its path."""
    return ctx.session.arn if ctx.session.role is None else ctx.session.role.arn


def _aws_claims(ctx: Context, subject: str) -> dict[str, Any]:
    """Of the sessions that GetSessionToken made, the end is not told [guess]: the guide has it for assumed roles."""
    session = ctx.session
    ends = session.expires_at if session.role is not None else None
    claims = {
        "aws_account": ctx.account,
        "source_region": ctx.region,
        "principal_id": subject,
        "original_session_exp": ends and ends.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "federated_provider": session.federated_provider,
        "source_identity": session.source_identity,
        "principal_tags": _principal_tags(ctx),
    }
    return {name: value for name, value in claims.items() if value}


def _principal_tags(ctx: Context) -> dict[str, str]:
    """The principal's tags under the session's, whose keys replace theirs in any case."""
    found = ctx.runtime.policies.find_policies(ctx.read, ctx.session)
    given = {key.lower() for key in ctx.session.tags}
    of_principal = {} if found is None else found.tags
    return {key: value for key, value in of_principal.items() if key.lower() not in given} | dict(
        ctx.session.tags
    )


def _signed(claims: Mapping[str, Any], key: SigningKey, algorithm: str) -> str:
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    from jwt import encode

    # Its numbers need no proof at each call: it is ours, and was sealed.
    private: Any = load_pem_private_key(
        key.private_key.encode(), password=None, unsafe_skip_rsa_key_validation=True
    )
    return encode(dict(claims), private, algorithm=algorithm, headers={"kid": key.key_id})
