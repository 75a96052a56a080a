"""Key pairs: made here or imported. Nobody signs in to an instance here; launches only name them."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from sqlalchemy import bindparam, delete, insert, select

from batchyard.framework.check import ANY, Check
from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.services.ec2 import filters
from batchyard.services.ec2.instances.key_pair_rows import (
    find_key_pair,
    find_key_pair_by_id,
    require_key_pair,
)
from batchyard.services.ec2.launching.launch_checks import key_pair_check
from batchyard.services.ec2.places import arn, at, columns_of, new_id, place
from batchyard.services.ec2.refusals import invalid_value, missing
from batchyard.services.ec2.service import ec2
from batchyard.services.ec2.tables import key_pairs
from batchyard.services.ec2.tags.tag_rows import forget_tags, put_tags, tag_lists
from batchyard.services.ec2.tags.tag_specifications import by_type, checked, tag_keys, tagging_checks
from batchyard.store.prepared import Prepared, Row

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import (
        CreateKeyPairRequestTypeDef,
        DeleteKeyPairRequestTypeDef,
        DescribeKeyPairsRequestTypeDef,
        ImportKeyPairRequestTypeDef,
    )

RSA_BITS = 2048

_FORMATS = ec2.unbuilt("`KeyFormat` other than `pem`", on=["CreateKeyPair"])
_INSERT = Prepared(insert(key_pairs).values(columns_of(key_pairs)))
_DELETE = Prepared(delete(key_pairs).where(at(key_pairs)).where(key_pairs.c.name == bindparam("name")))
_ALL = Prepared(select(key_pairs).where(at(key_pairs)).order_by(key_pairs.c.name))

_FILTERS: dict[str, filters.Attribute] = {
    "fingerprint": "KeyFingerprint",
    "key-name": "KeyName",
    "key-pair-id": "KeyPairId",
}


def _new_key_pair(action: str) -> Any:
    def checks(ctx: Context, request: dict[str, Any]) -> list[Check]:
        tags = by_type(request.get("TagSpecifications")).get("key-pair", {})
        whole = arn(place(ctx), f"key-pair/{request.get('KeyName', '*')}")
        keys = tag_keys(tags)
        if "KeyName" in request:
            keys["ec2:KeyPairName"] = request["KeyName"]
        if action == "CreateKeyPair":
            keys["ec2:KeyPairType"] = request.get("KeyType", "rsa")
        return [Check(resource=whole, context=keys), *tagging_checks(action, [(whole, tags)])]

    return checks


@ec2.operation(
    on=[_new_key_pair("CreateKeyPair")],
    writes=True,
    honours={"KeyName", "KeyType", "KeyFormat", "TagSpecifications"},
)
def create_key_pair(ctx: Context, request: CreateKeyPairRequestTypeDef) -> dict[str, Any]:
    """Make a key pair and give its private key away once; only the public key is kept.

    An RSA key takes some 50 ms to make, on the writer's thread: a rare call.
    """
    if request.get("KeyFormat", "pem") != "pem":
        raise _FORMATS(f"the key format {request['KeyFormat']}")
    kind = request.get("KeyType", "rsa")
    private: Any = (
        rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
        if kind == "rsa"
        else ed25519.Ed25519PrivateKey.generate()
    )
    form = (
        serialization.PrivateFormat.TraditionalOpenSSL
        if kind == "rsa"
        else serialization.PrivateFormat.OpenSSH
    )
    material = private.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()
    row = _add(ctx, request, private.public_key(), kind, _fingerprint(private, kind))
    return {
        "KeyName": row.name,
        "KeyPairId": row.id,
        "KeyFingerprint": row.fingerprint,
        "KeyMaterial": material,
        "Tags": tag_lists(ctx.read, place(ctx), [row.id])[row.id],
    }


def _fingerprint(private: Any, kind: str) -> str:
    """EC2's fingerprints: SHA-1 of the private key for RSA made by EC2, OpenSSH's for ED25519 (EC2 User Guide)."""
    if kind == "ed25519":
        return _openssh_fingerprint(private.public_key())
    der = private.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return _pairs(hashlib.sha1(der, usedforsecurity=False).hexdigest())


def _openssh_fingerprint(public: Any) -> str:
    blob = base64.b64decode(_openssh(public).split()[1])
    return base64.b64encode(hashlib.sha256(blob).digest()).decode()


def _openssh(public: Any) -> str:
    text: bytes = public.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return text.decode()


def _pairs(digits: str) -> str:
    return ":".join(digits[index : index + 2] for index in range(0, len(digits), 2))


@ec2.operation(
    on=[_new_key_pair("ImportKeyPair")],
    writes=True,
    honours={"KeyName", "PublicKeyMaterial", "TagSpecifications"},
)
def import_key_pair(ctx: Context, request: ImportKeyPairRequestTypeDef) -> dict[str, Any]:
    """Keep the public key of a pair that was made elsewhere."""
    public, kind = _read_public(cast("bytes", request["PublicKeyMaterial"]))
    if kind == "ed25519":
        fingerprint = _openssh_fingerprint(public)
    else:
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        der = public.public_bytes(serialization.Encoding.DER, form)
        fingerprint = _pairs(hashlib.md5(der, usedforsecurity=False).hexdigest())
    row = _add(ctx, request, public, kind, fingerprint)
    return {
        "KeyName": row.name,
        "KeyPairId": row.id,
        "KeyFingerprint": row.fingerprint,
        "Tags": tag_lists(ctx.read, place(ctx), [row.id])[row.id],
    }


def _read_public(material: bytes) -> tuple[Any, str]:
    """A public key in OpenSSH's form, PEM, or DER in base64; raises InvalidKey.Format."""
    readers: tuple[Callable[[], Any], ...] = (
        lambda: serialization.load_ssh_public_key(material.strip()),
        lambda: serialization.load_pem_public_key(material),
        lambda: serialization.load_der_public_key(base64.b64decode(material, validate=True)),
    )
    for read in readers:
        try:
            public = read()
        except (ValueError, UnsupportedAlgorithm, binascii.Error):
            continue
        if isinstance(public, rsa.RSAPublicKey):
            return public, "rsa"
        if isinstance(public, ed25519.Ed25519PublicKey):
            return public, "ed25519"
    raise ApiError("InvalidKey.Format", "Key is not in valid OpenSSH public key format")


def _add(ctx: Context, request: Any, public: Any, kind: str, fingerprint: str) -> Row:
    name = request["KeyName"]
    if name != name.strip():
        # what-aws-says.md 35 has the text.
        raise invalid_value(f"Invalid value '{name}' for keyName. It should be trimmed")
    if find_key_pair(ctx.read, place(ctx), name) is not None:
        raise ApiError("InvalidKeyPair.Duplicate", f"The keypair '{name}' already exists")
    tags = checked(request.get("TagSpecifications"), allowed={"key-pair"})
    identity = new_id("key-")
    ctx.write.run(
        _INSERT,
        **place(ctx),
        name=name,
        id=identity,
        key_type=kind,
        fingerprint=fingerprint,
        public_key=_openssh(public),
        created_at=ctx.now,
    )
    put_tags(ctx.write, place(ctx), "key-pair", [identity], tags.get("key-pair", {}))
    return require_key_pair(ctx, name)


@ec2.operation(on=ANY, honours={"KeyNames", "KeyPairIds", "Filters", "IncludePublicKey"})
def describe_key_pairs(ctx: Context, request: DescribeKeyPairsRequestTypeDef) -> dict[str, Any]:
    """The Region's key pairs, or those named."""
    rows = [require_key_pair(ctx, one) for one in request.get("KeyNames") or ()]
    for one in request.get("KeyPairIds") or ():
        row = find_key_pair_by_id(ctx.read, place(ctx), one)
        if row is None:
            raise ApiError("InvalidKeyPair.NotFound", f"The key pair ID '{one}' does not exist")
        rows.append(row)
    if not rows:
        rows = list(ctx.read.all(_ALL, **place(ctx)))
    tags = tag_lists(ctx.read, place(ctx), [row.id for row in rows])
    shown = request.get("IncludePublicKey")
    found = [
        {
            "KeyName": row.name,
            "KeyPairId": row.id,
            "KeyType": row.key_type,
            "KeyFingerprint": row.fingerprint,
            "CreateTime": row.created_at,
            "Tags": tags[row.id],
            **({"PublicKey": row.public_key} if shown else {}),
        }
        for row in rows
    ]
    matches = filters.predicate(ctx, request.get("Filters"), _FILTERS)
    return {"KeyPairs": [one for one in found if matches(one)]}


def _the_key_pair(ctx: Context, request: dict[str, Any]) -> list[Check]:
    if request.get("KeyName"):
        return [key_pair_check(ctx, request["KeyName"])]
    unknown = arn(place(ctx), "key-pair/*")
    row = find_key_pair_by_id(ctx.read, place(ctx), request.get("KeyPairId", ""))
    if row is None:
        return [Check(resource=unknown, tags=lambda: None, told=unknown)]
    check = key_pair_check(ctx, row.name)
    return [replace(check, told=unknown)]


@ec2.operation(on=[_the_key_pair], writes=True, honours={"KeyName", "KeyPairId"})
def delete_key_pair(ctx: Context, request: DeleteKeyPairRequestTypeDef) -> dict[str, Any]:
    """Delete a key pair; a pair that is not there is deleted already (EC2 answers the same)."""
    if not request.get("KeyName") and not request.get("KeyPairId"):
        raise missing("KeyName")
    row = (
        find_key_pair(ctx.read, place(ctx), request["KeyName"])
        if request.get("KeyName")
        else find_key_pair_by_id(ctx.read, place(ctx), request["KeyPairId"])
    )
    if row is None:
        return {"Return": True}
    ctx.write.run(_DELETE, **place(ctx), name=row.name)
    forget_tags(ctx.write, place(ctx), row.id)
    return {"Return": True, "KeyPairId": row.id}
