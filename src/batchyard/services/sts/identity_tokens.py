"""ID tokens of OpenID Connect issuers: verified against the account's provider, and what they say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from batchyard.clock import wall_now
from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.services.sts.json_web_keys import ALGORITHMS, find_key

BUILT_IN = frozenset({"accounts.google.com", "cognito-identity.amazonaws.com"})
"""Issuers that AWS knows without a provider; a trust policy names them as they are."""
EARLY_SECONDS = 300
"""How far an issuer's clock may be ahead [guess]; a token that is over by a second is over (recorded)."""
_INVALID = "InvalidIdentityToken"
_NO_KEY = (
    "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity"
    " documentation for requirements"
)
"""Two blanks, as recorded: aws/aws-sdk-js-v3#3052."""


@dataclass(frozen=True, slots=True)
class IdentityToken:
    """A token that holds. `provider` is the provider's ARN, or the issuer's own name for a built-in one."""

    issuer: str
    """Without the scheme."""
    provider: str
    subject: str
    audience: str
    claims: Mapping[str, Any]


def verified(ctx: Context, token: str) -> IdentityToken:
    """The token's content, once its issuer, signature, audience and time are found good.

    Raises InvalidIdentityToken or ExpiredTokenException; texts as in people's logs, where not marked.
    """
    from jwt import decode_complete, get_unverified_header
    from jwt.exceptions import InvalidSignatureError, PyJWTError

    try:
        header = get_unverified_header(token)
        unproven = decode_complete(token, options={"verify_signature": False})["payload"]
    except (PyJWTError, ValueError, RecursionError) as error:
        raise _not_a_token() from error
    issuer, provider, client_ids = _provider(ctx, unproven.get("iss"))
    algorithm = header.get("alg")
    key_id = header.get("kid")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS or not isinstance(key_id, str | None):
        raise ApiError(_INVALID, f"Token signature algorithm {algorithm} is not supported.")  # [guess]
    key = find_key(ctx.runtime.identity_keys, issuer, algorithm=algorithm, key_id=key_id)
    if key is None:
        raise ApiError(_INVALID, _NO_KEY)
    try:
        # Nothing but the signature is PyJWT's to judge: AWS has words of its own for the rest.
        claims = decode_complete(token, key, algorithms=[algorithm], options=_SIGNATURE_ALONE)["payload"]
    except InvalidSignatureError as error:
        raise ApiError(_INVALID, "The ID Token provided has an invalid signature.") from error  # [guess]
    except (PyJWTError, ValueError) as error:
        raise _not_a_token() from error
    _check_times(claims)
    subject = claims.get("sub")
    if not isinstance(subject, str) or not subject:
        raise ApiError(_INVALID, "Missing a required claim: sub")
    return IdentityToken(issuer, provider, subject, _audience(claims, client_ids), claims)


_SIGNATURE_ALONE: Any = {
    f"verify_{claim}": False for claim in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")
} | {"verify_signature": True}


def _not_a_token() -> ApiError:
    text = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
    return ApiError(_INVALID, text)


def _provider(ctx: Context, issuer: Any) -> tuple[str, str, frozenset[str] | None]:
    """The issuer's name, the provider's ARN, and its client ids; None for those of a built-in one.

    Texts as in people's logs.
    """
    if not isinstance(issuer, str):
        raise ApiError(_INVALID, "Missing a required claim: iss")
    name = issuer.removeprefix("https://")
    if name in BUILT_IN:
        return name, name, None
    found = None
    if issuer.startswith("https://"):
        found = ctx.runtime.identity_providers.find_oidc_provider(ctx.read, ctx.partition, ctx.account, name)
    if found is None:
        raise ApiError(_INVALID, f"No OpenIDConnect provider found in your account for {issuer}")
    return found.name, found.arn, found.client_ids


def _check_times(claims: Mapping[str, Any]) -> None:
    now = int(wall_now().timestamp())
    expires, issued, begins = _moment(claims, "exp"), _moment(claims, "iat"), claims.get("nbf")
    if now >= expires:
        text = (
            f"Token expired: current date/time {now} must be before the expiration date/time {int(expires)}"
        )
        raise ApiError("ExpiredTokenException", text)
    if issued > now + EARLY_SECONDS or (isinstance(begins, int | float) and begins > now + EARLY_SECONDS):
        raise ApiError(_INVALID, "The ID Token provided is not valid yet.")  # [guess]


def _moment(claims: Mapping[str, Any], name: str) -> float:
    """Raise InvalidIdentityToken, in the words of people's logs."""
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ApiError(_INVALID, f"Missing a required claim: {name}")
    return value


def _audience(claims: Mapping[str, Any], client_ids: frozenset[str] | None) -> str:
    """Whom the token is for: `azp` where it is set, as in the condition key (IAM user guide), else `aud`."""
    given = claims.get("azp") or claims.get("aud")
    audiences = [given] if isinstance(given, str) else given
    if not isinstance(audiences, list) or not all(isinstance(one, str) for one in audiences) or not audiences:
        raise ApiError(_INVALID, "Missing a required claim: aud")
    known: list[str] = [one for one in audiences if client_ids is None or one in client_ids]
    if not known:
        raise ApiError(_INVALID, "Incorrect token audience")
    return known[0]
