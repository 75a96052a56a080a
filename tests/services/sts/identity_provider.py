"""An OpenID Connect issuer for tests: its keys, in the server's key directory, and the tokens that it signs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from batchyard.clock import wall_now

RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())


class Issuer:
    """One issuer, under `directory/name/jwks.json`."""

    def __init__(self, directory: Path, name: str) -> None:
        self.name = name
        self.url = f"https://{name}"
        self._file = directory / name / "jwks.json"
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self.publish(
            {**json.loads(RSAAlgorithm.to_jwk(RSA_KEY.public_key())), "kid": "rsa", "use": "sig"},
            {**json.loads(ECAlgorithm.to_jwk(EC_KEY.public_key())), "kid": "ec", "alg": "ES256"},
        )

    def publish(self, *keys: Any) -> None:
        """Replace the issuer's key set."""
        self._file.write_text(json.dumps({"keys": keys}))

    def claims(self, **changed: Any) -> dict[str, Any]:
        """Good claims with changes; one that is None is left out."""
        now = int(wall_now().timestamp())
        good = {
            "iss": self.url,
            "sub": "repo:org/app",
            "aud": "sts.amazonaws.com",
            "iat": now,
            "exp": now + 300,
        }
        return {name: value for name, value in {**good, **changed}.items() if value is not None}

    def token(
        self, *, key: Any = RSA_KEY, algorithm: str = "RS256", kid: str | None = "rsa", **claims: Any
    ) -> str:
        """A token with good claims, or changed ones."""
        headers = {} if kid is None else {"kid": kid}
        body = json.dumps(self.claims(**claims)).encode()
        return jwt.PyJWS().encode(body, key, algorithm=algorithm, headers=headers)
