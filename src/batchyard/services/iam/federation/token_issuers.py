"""The account's own issuer of web identity tokens: found by account or by its id, made with its keys."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy import bindparam, insert, select

from batchyard import ids
from batchyard.framework.context import Context
from batchyard.framework.ports import SigningKey
from batchyard.identity.keyring import Keyring
from batchyard.services.iam.tables import token_issuers
from batchyard.store.prepared import Prepared, Row
from batchyard.store.transaction import Transaction

PURPOSE = "token-signing-key"
RSA_BITS = 2048

_OF_ACCOUNT = Prepared(
    select(token_issuers).where(
        token_issuers.c.account == bindparam("of"), token_issuers.c.partition == bindparam("in_partition")
    )
)
_BY_ID = Prepared(select(token_issuers.c["keys"]).where(token_issuers.c.issuer_id == bindparam("wanted")))


def find_issuer(tx: Transaction, partition: str, account: str) -> Row | None:
    """The account's issuer, enabled or not; None where it never was."""
    return tx.first(_OF_ACCOUNT, of=account, in_partition=partition)


def insert_issuer(ctx: Context) -> str:
    """Make the account's issuer and answer its id.

    Its RSA key costs a tenth of a second, once for each account (decision 0021); what is kept of it, see the table.
    """
    issuer_id = ids.uuid4()
    ctx.write.run(
        insert(token_issuers).values(
            account=ctx.account,
            partition=ctx.partition,
            issuer_id=issuer_id,
            is_enabled=True,
            keys=_new_keys(ctx.runtime.keyring),
        )
    )
    return issuer_id


def _new_keys(keyring: Keyring) -> list[dict[str, Any]]:
    """One key for each algorithm, with AWS's key ids and members (recorded: outbound_lifecycle.json)."""
    from jwt.algorithms import ECAlgorithm, RSAAlgorithm

    rsa_key = rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
    ec_key = ec.generate_private_key(ec.SECP384R1())
    made: list[tuple[str, str, Any, str]] = [
        ("RSA_0", "RS256", rsa_key, RSAAlgorithm.to_jwk(rsa_key.public_key())),
        ("EC384_0", "ES384", ec_key, ECAlgorithm.to_jwk(ec_key.public_key())),
    ]
    return [
        {
            "public": _published(json.loads(public), key_id, algorithm),
            "sealed": keyring.seal(PURPOSE, _pem(private)),
        }
        for key_id, algorithm, private, public in made
    ]


def _published(key: Mapping[str, Any], key_id: str, algorithm: str) -> dict[str, str]:
    numbers = {name: key[name] for name in ("kty", "crv", "n", "e", "x", "y") if name in key}
    return {"kid": key_id, "alg": algorithm, "use": "sig", **numbers}


def _pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


class TokenIssuers:
    """What sts and the server read of the issuers (`framework.ports.TokenIssuerSource`)."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    def find_signing_key(
        self, tx: Transaction, partition: str, account: str, algorithm: str
    ) -> SigningKey | None:
        """The key for RS256 or ES384; None where the account has not enabled outbound federation."""
        row = find_issuer(tx, partition, account)
        if row is None or not row.is_enabled:
            return None
        key = next(one for one in row.keys if one["public"]["alg"] == algorithm)
        return SigningKey(row.issuer_id, key["public"]["kid"], self._keyring.open(PURPOSE, key["sealed"]))

    def find_public_keys(self, tx: Transaction, issuer_id: str) -> Sequence[Mapping[str, str]] | None:
        """An issuer's public keys as JSON Web Keys, enabled or not: tokens outlive that. None: no such issuer."""
        row = tx.first(_BY_ID, wanted=issuer_id)
        return None if row is None else [key["public"] for key in row.keys]
