"""A service elsewhere that takes OpenID Connect tokens: it knows an issuer's URL and its own audience."""

from __future__ import annotations

import urllib.request
from typing import Any

import jwt
import orjson

AUDIENCE = "https://api.example.com"


def published(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=5) as answer:
        return orjson.loads(answer.read())


def verified(token: str, **more: Any) -> dict[str, Any]:
    """What a service that knows nothing but the issuer's URL makes of a token."""
    issuer = jwt.decode(token, options={"verify_signature": False})["iss"]
    configuration = published(f"{issuer}/.well-known/openid-configuration")
    assert configuration["issuer"] == issuer
    key_id = jwt.get_unverified_header(token)["kid"]
    keys = jwt.PyJWKSet.from_dict(published(configuration["jwks_uri"]))
    return dict(
        jwt.decode(
            token,
            keys[key_id],
            algorithms=configuration["id_token_signing_alg_values_supported"],
            **{"issuer": issuer, "audience": AUDIENCE, **more},
        )
    )
