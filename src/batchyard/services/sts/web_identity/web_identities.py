"""AssumeRoleWithWebIdentity: an ID token of a provider that the account knows, for a session of a role."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from batchyard.framework.check import Check, Values
from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.services.sts.role_sessions import (
    CHAINED_SECONDS,
    Asked,
    checks,
    find_role,
    issue,
    owner,
    pairs,
)
from batchyard.services.sts.service import sts
from batchyard.services.sts.web_identity.identity_tokens import IdentityToken, verified
from batchyard.services.sts.web_identity.oauth_tokens import refuse_oauth

if TYPE_CHECKING:
    from types_boto3_sts.type_defs import AssumeRoleWithWebIdentityRequestTypeDef

TAGS_CLAIM = "https://aws.amazon.com/tags"
_FLAT_TAG = f"{TAGS_CLAIM}/principal_tags/"
SOURCE_IDENTITY_CLAIM = "https://aws.amazon.com/source_identity"


def _asked(request: Any, token: IdentityToken) -> Asked:
    """What the request and the token ask for: tags and the source identity are the token's (IAM user guide)."""
    tags, transitive = _tags(token.claims)
    identity = token.claims.get(SOURCE_IDENTITY_CLAIM)
    return Asked(
        session_name=request["RoleSessionName"],
        seconds=request.get("DurationSeconds", CHAINED_SECONDS),
        tags=pairs(tags),
        transitive_tag_keys=tuple(transitive),
        source_identity=identity if isinstance(identity, str) else None,
        provider=token.provider,
        keys=_keys(token),
    )


def _tags(claims: Mapping[str, Any]) -> tuple[dict[str, str], list[str]]:
    """Session tags as tokens have them, nested or each in a claim of its own (guide, "Passing session tags").

    Nested values are lists of one (recorded: radkawar/stackd, oidc/aws.json, nested-string-tags, flat-tags).
    """
    nested = claims.get(TAGS_CLAIM, {})
    given = nested.get("principal_tags", {}) if isinstance(nested, Mapping) else None
    transitive = nested.get("transitive_tag_keys", []) if isinstance(nested, Mapping) else None
    transitive = claims.get(f"{TAGS_CLAIM}/transitive_tag_keys", transitive)
    tags = {
        name.removeprefix(_FLAT_TAG): value for name, value in claims.items() if name.startswith(_FLAT_TAG)
    }
    if isinstance(given, Mapping):
        for key, value in given.items():
            tags[key] = value[0] if isinstance(value, list) and len(value) == 1 else None
    sound = all(isinstance(value, str) for value in tags.values())
    if not isinstance(given, Mapping) or not isinstance(transitive, list) or not sound:
        text = "principal_tags passed in claim is not in correct format."
        raise ApiError("InvalidIdentityToken", text)
    return tags, [str(key) for key in transitive]


def _keys(token: IdentityToken) -> dict[str, Values]:
    """The condition keys of a provider's tokens (IAM user guide, "Available keys for AWS web identity federation")."""
    keys: dict[str, Values] = {"sub": token.subject, "aud": token.audience}
    original = token.claims.get("aud")
    if token.issuer == "accounts.google.com" and isinstance(original, str):
        keys["oaud"] = original
    methods = token.claims.get("amr")
    if isinstance(methods, list) and all(isinstance(one, str) for one in methods):
        keys["amr"] = tuple(methods)
    return {f"{token.issuer}:{name}": value for name, value in keys.items()}


def _trust(ctx: Context, request: Any) -> Iterable[Check]:
    find_role(ctx, request["RoleArn"])
    refuse_oauth(request)
    token = verified(ctx, request["WebIdentityToken"])
    ctx.note_identity(
        {
            "type": "WebIdentityUser",
            "principalId": f"{token.provider}:{token.audience}:{token.subject}",
            "userName": token.subject,
            "identityProvider": token.provider,
        }
    )
    asked = _asked(request, token)
    yield from checks(ctx, request["RoleArn"], asked, asked.keys, action="AssumeRoleWithWebIdentity")


@sts.operation(on=_trust, unsigned=owner, read_only=True)
def assume_role_with_web_identity(
    ctx: Context, request: AssumeRoleWithWebIdentityRequestTypeDef
) -> dict[str, Any]:
    """Issue credentials for a session of the role to whom the token vouches for."""
    # Read a second time, after the trust policy was asked: an operation has nothing but its request.
    token = verified(ctx, request["WebIdentityToken"])
    return {
        **issue(ctx, request, _asked(request, token)),
        "SubjectFromWebIdentityToken": token.subject,
        "Audience": token.audience,
        "Provider": token.provider,
    }
