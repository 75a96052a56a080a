"""OAuth 2.0 access tokens, as AssumeRoleWithWebIdentity takes them: only their provider can tell whom they are for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from batchyard.framework.errors import ApiError
from batchyard.services.sts.service import sts

AMAZON = "www.amazon.com"
PROVIDERS = frozenset({AMAZON, "graph.facebook.com"})
"""Those that AWS asks (botocore, AssumeRoleWithWebIdentity: ProviderId)."""
_OF_AMAZON = "Atza|"
"""How Login with Amazon's access tokens begin (its developer guide)."""


def refuse_oauth(request: Mapping[str, Any]) -> None:
    """Raise where a ProviderId is given: Batchyard calls nobody, so that no such token can be verified.

    What is seen to be no token of Amazon's is refused as recorded (radkawar/stackd, internal/services/sts/testdata,
    oidc/aws.json: provider-id-with-oidc); the text for an unknown provider is a guess, the other is botocore's.
    """
    provider = request.get("ProviderId")
    if provider is None:
        return
    if provider not in PROVIDERS:
        raise ApiError("ValidationError", f"{provider} is not a supported identity provider.")
    if provider == AMAZON and not request["WebIdentityToken"].startswith(_OF_AMAZON):
        raise ApiError("InvalidIdentityToken", "Provided Token is not a Login With Amazon token")
    raise sts.error.IDPCommunicationErrorException(
        "The request could not be fulfilled because the identity provider (IDP) that was asked to verify the incoming"
        " identity token could not be reached."
    )
