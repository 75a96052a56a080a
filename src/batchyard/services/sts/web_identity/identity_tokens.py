"""ID tokens of OpenID Connect issuers: verified against the account's provider, and what they say.

Texts are recorded where not marked: radkawar/stackd, internal/services/sts/testdata/oidc/aws.json.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from batchyard.clock import wall_now
from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.services.sts.web_identity.json_web_keys import ALGORITHMS, find_key

BUILT_IN = frozenset({"accounts.google.com", "cognito-identity.amazonaws.com"})
"""Issuers that AWS knows without a provider; a trust policy names them as they are."""
LEEWAY_SECONDS = 300
"""How far an issuer's clock may be ahead or behind (recorded: expired-1, nbf-future-301, the times in the texts)."""
_INVALID = "InvalidIdentityToken"
_WHOLE = re.compile(r"[0-9]{1,18}")
_NOT_VALIDATED = (
    "The web identity token provided could not be validated. See the AssumeRoleWithWebIdentity documentation for"
    " requirements."
)
_NO_KEY = (
    "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity"
    " documentation for requirements"
)
"""Two blanks, as recorded: aws/aws-sdk-js-v3#3052."""


@dataclass(frozen=True, slots=True)
class IdentityToken:
    """A token that holds. `provider` is the provider's ARN, or the issuer's own name for a built-in provider."""

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
    return IdentityToken(issuer, provider, _subject(claims), _audience(claims, client_ids), claims)


_SIGNATURE_ALONE: Any = {
    f"verify_{claim}": False for claim in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")
} | {"verify_signature": True}


def _not_a_token() -> ApiError:
    text = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
    return ApiError(_INVALID, text)


def _provider(ctx: Context, issuer: Any) -> tuple[str, str, frozenset[str] | None]:
    """The issuer's name, the provider's ARN, and its client ids; None for those of a built-in provider.

    Texts as in people's logs.
    """
    if not isinstance(issuer, str):
        raise _missing("iss")
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
    expires, issued = _moment(claims, "exp"), _moment(claims, "iat")
    if now - LEEWAY_SECONDS >= expires:
        text = f"current date/time {now - LEEWAY_SECONDS} must be before the expiration date/time {expires}"
        raise ApiError("ExpiredTokenException", f"Token expired: {text}")
    if issued > now + LEEWAY_SECONDS:
        raise ApiError(_INVALID, f"Token issued in the future: {issued}")
    if "nbf" not in claims:
        return
    begins = _moment(claims, "nbf")
    if begins > now + LEEWAY_SECONDS:
        text = f"current date/time {now + LEEWAY_SECONDS} must be after or equal to the not-before date/time {begins}"
        raise ApiError(_INVALID, f"Token not yet valid: {text}")


def _moment(claims: Mapping[str, Any], name: str) -> int:
    """A whole number, or the text of one (recorded: exp-string, iat-fraction)."""
    if name not in claims:
        raise _missing(name)
    value = claims[name]
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ApiError(_INVALID, "Invalid timestamp in token claims.")
    return value


def _subject(claims: Mapping[str, Any]) -> str:
    """Any text or number; AWS answers InternalFailure for null (recorded: sub-null), which is a missing one here."""
    subject = claims.get("sub")
    if isinstance(subject, bool) or not isinstance(subject, str | int | float):
        raise _missing("sub")
    return str(subject)


def _audience(claims: Mapping[str, Any], client_ids: frozenset[str] | None) -> str:
    """Whom the token is for: `azp` if it is there, else the only entry of `aud`."""
    if "aud" not in claims:
        raise _missing("aud")
    given = claims["aud"]
    if given == []:
        raise ApiError(_INVALID, "Claim is not allowed to be empty: aud")
    audiences = given if isinstance(given, list) else [given]
    if "azp" not in claims and len(audiences) > 1:
        text = "Token audience contains more than one audience while authorized party is not present"
        raise ApiError(_INVALID, text)
    audience = claims.get("azp", audiences[0])
    is_known = isinstance(audience, str) and (client_ids is None or audience in client_ids)
    if not audience or not is_known:
        raise ApiError(_INVALID, _NOT_VALIDATED)
    return str(audience)


def _missing(name: str) -> ApiError:
    return ApiError(_INVALID, f"Missing a required claim: {name}")
