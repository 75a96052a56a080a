"""The public keys of OpenID Connect issuers: read from files that the operator keeps, never fetched."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from jwt import PyJWK

FILE = "jwks.json"
ALGORITHMS = {
    **dict.fromkeys(("RS256", "RS384", "RS512"), "RSA"),
    **dict.fromkeys(("ES256", "ES384", "ES512"), "EC"),
}
"""The signature algorithms, and the type of their keys: public keys alone, whatever a token or a key set says."""
LEAST_RSA_BITS = 2048
_SEGMENT = re.compile(r"[A-Za-z0-9_~!$&'()*+,;=:@%-][A-Za-z0-9._~!$&'()*+,;=:@%-]*")


def find_key(directory: Path, issuer: str, *, algorithm: str, key_id: str | None) -> PyJWK | None:
    """The key of an issuer (its URL without the scheme) for a signature, or None.

    The key with the token's key id; a token without any takes the only key of a set [guess; recorded where there are
    several: radkawar/stackd, oidc/aws.json, missing-key-id]. The file is read at each call, so that a change acts at
    once: a few kilobytes, beside a verification that costs as much.
    """
    keys = _read(directory, issuer)
    if key_id is None and len(keys) > 1:
        return None
    candidates = [
        key
        for key in keys
        if key.get("kty") == ALGORITHMS.get(algorithm)
        and key.get("use", "sig") == "sig"
        and "d" not in key  # a private key, which nobody should have put here
        and key.get("alg", algorithm) == algorithm
        and (key_id is None or key.get("kid") == key_id)
    ]
    return _load(candidates[0], algorithm) if len(candidates) == 1 else None


def _read(directory: Path, issuer: str) -> list[dict[str, Any]]:
    segments = issuer.rstrip("/").split("/")
    if not all(_SEGMENT.fullmatch(one) for one in segments):
        return []
    try:
        document = orjson.loads(directory.joinpath(*segments, FILE).read_bytes())
    except (OSError, ValueError):
        return []
    keys = document.get("keys") if isinstance(document, dict) else None
    return [one for one in keys if isinstance(one, dict)] if isinstance(keys, list) else []


def _load(key: dict[str, Any], algorithm: str) -> PyJWK | None:
    from jwt import PyJWK  # Only this operation needs it: no other command is to wait for it.
    from jwt.exceptions import PyJWTError

    try:
        loaded = PyJWK(key, algorithm)
    except (PyJWTError, ValueError, TypeError):
        return None
    if key["kty"] == "RSA" and loaded.key.key_size < LEAST_RSA_BITS:
        return None
    return loaded
