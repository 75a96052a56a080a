"""Where an account's issuer of web identity tokens is found: its URL below this server's, and what lies there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

ROOT = "/_batchyard/issuers/"
DISCOVERY = "/.well-known/openid-configuration"
KEYS = "/.well-known/jwks.json"
ALGORITHMS = ("RS256", "ES384")
AWS_CLAIMS = "https://sts.amazonaws.com/"
"""The claim that holds AWS's own (IAM user guide, "Understanding token claims")."""


def issuer_url(server: str, issuer_id: str) -> str:
    """The issuer, as in its tokens' `iss` claim; on AWS a host of its own, `https://ID.tokens.sts.global.api.aws`."""
    return f"{server}{ROOT}{issuer_id}"


def find_document(
    server: str, path: str, find_keys: Callable[[str], Sequence[Any] | None]
) -> dict[str, Any] | None:
    """What an issuer publishes at a path of this server's; None where nothing lies there.

    `find_keys(issuer_id)` tells an issuer's public keys. The discovery document has what AWS's has (recorded:
    radkawar/stackd, testdata/aws/iam/outbound_issuance.json).
    """
    issuer_id, slash, rest = path.removeprefix(ROOT).partition("/")
    if slash + rest not in (DISCOVERY, KEYS):
        return None
    keys = find_keys(issuer_id)
    if keys is None:
        return None
    if slash + rest == KEYS:
        return {"keys": list(keys)}
    issuer = issuer_url(server, issuer_id)
    return {
        "issuer": issuer,
        "jwks_uri": issuer + KEYS,
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": list(ALGORITHMS),
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "jti", AWS_CLAIMS],
    }
