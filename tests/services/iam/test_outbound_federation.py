"""Outbound web identity federation, enabled and disabled; its tokens are tested in tests/services/sts.

Recorded means: radkawar/stackd, testdata/aws/iam, answers of AWS in September 2026.
"""

from __future__ import annotations

from typing import Any

from services.iam.answers import refused, without_metadata
from services.sts.relying_party import AUDIENCE, published, verified


def test_issuer_and_keys_stay_when_it_is_disabled(iam: Any, aws: Any, account: str) -> None:
    """Recorded, outbound_lifecycle.json: issuer_stable, keys_stable_while_disabled, keys_stable_after_reenable."""
    off = ("FeatureDisabled", f"Outbound identity federation is disabled for account {account}", 404)
    assert refused(iam.get_outbound_web_identity_federation_info) == off
    assert refused(iam.disable_outbound_web_identity_federation) == off
    issuer = iam.enable_outbound_web_identity_federation()["IssuerIdentifier"]
    on = ("FeatureEnabled", f"Outbound identity federation is already enabled for account {account}", 409)
    assert refused(iam.enable_outbound_web_identity_federation) == on
    info = without_metadata(iam.get_outbound_web_identity_federation_info())
    assert info == {"IssuerIdentifier": issuer, "JwtVendingEnabled": True}
    sts = aws("sts")
    request = {"Audience": [AUDIENCE], "SigningAlgorithm": "RS256"}
    token = sts.get_web_identity_token(**request)["WebIdentityToken"]
    keys = published(f"{issuer}/.well-known/jwks.json")
    assert [sorted(key) for key in keys["keys"]] == [
        ["alg", "e", "kid", "kty", "n", "use"],
        ["alg", "crv", "kid", "kty", "use", "x", "y"],
    ]
    iam.disable_outbound_web_identity_federation()
    assert refused(iam.get_outbound_web_identity_federation_info) == off
    answer = refused(sts.get_web_identity_token, **request)
    disabled = "OutboundWebIdentityFederationDisabledException"
    assert answer == (disabled, "OutboundWebIdentityFederation is disabled.", 403)
    assert published(f"{issuer}/.well-known/jwks.json") == keys
    verified(token)
    assert iam.enable_outbound_web_identity_federation()["IssuerIdentifier"] == issuer
    assert published(f"{issuer}/.well-known/jwks.json") == keys
    china = aws("iam", region="cn-north-1")
    assert refused(china.get_outbound_web_identity_federation_info) == off
