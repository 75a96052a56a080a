"""Users' SSH public keys: upload, get in either encoding, list, activate, delete."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
    load_ssh_public_key,
)
from sqlalchemy import bindparam, delete, insert, select, update

from batchyard import ids
from batchyard.framework.context import Context
from batchyard.services.iam.nouns import USER, cut_page
from batchyard.services.iam.policies.documents import over_quota
from batchyard.services.iam.resources import own_or_named, user, user_name
from batchyard.services.iam.service import iam
from batchyard.services.iam.tables import ssh_public_keys
from batchyard.store.prepared import Prepared, Row

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import (
        DeleteSSHPublicKeyRequestTypeDef,
        GetSSHPublicKeyRequestTypeDef,
        ListSSHPublicKeysRequestTypeDef,
        UpdateSSHPublicKeyRequestTypeDef,
        UploadSSHPublicKeyRequestTypeDef,
    )

KEYS_PER_USER = 5
LEAST_BITS = 2048

_OF_USER = Prepared(
    select(ssh_public_keys)
    .where(ssh_public_keys.c.user_id == bindparam("owner"))
    .order_by(ssh_public_keys.c.key_id)
)


def ssh_keys_of(ctx: Context, owner: Row) -> list[Row]:
    """A user's SSH public keys."""
    return list(ctx.read.all(_OF_USER, owner=owner.id))


def _require(ctx: Context, request: Any) -> tuple[Row, Row]:
    """The user and its key; raises NoSuchEntity (text recorded: SNAP)."""
    owner = USER.require(ctx, request["UserName"])
    for key in ssh_keys_of(ctx, owner):
        if key.key_id == request["SSHPublicKeyId"]:
            return owner, key
    text = f"The Public Key with id {request['SSHPublicKeyId']} cannot be found."
    raise iam.error.NoSuchEntityException(text)


def _read(body: str) -> RSAPublicKey:
    """An RSA key of 2048 bits and more, in ssh-rsa or PEM form (botocore); the refusals' texts are guesses."""
    is_pem = body.lstrip().startswith("-----")
    try:
        key = load_pem_public_key(body.encode()) if is_pem else load_ssh_public_key(body.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise iam.error.InvalidPublicKeyException("The public key is malformed.") from error
    if not isinstance(key, RSAPublicKey) or key.key_size < LEAST_BITS:
        text = f"The public key must be an RSA key of at least {LEAST_BITS} bits."
        raise iam.error.InvalidPublicKeyException(text)
    return key


def _fingerprint(key: RSAPublicKey) -> str:
    """The MD5 of the key as ssh-keygen shows it: pairs of digits, with colons between them."""
    line = key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).split()[1]
    digits = hashlib.md5(base64.b64decode(line), usedforsecurity=False).hexdigest()
    return ":".join(digits[at : at + 2] for at in range(0, len(digits), 2))


def _metadata(owner: Row, key: Row) -> dict[str, Any]:
    return {
        "UserName": owner.name,
        "SSHPublicKeyId": key.key_id,
        "Status": key.status,
        "UploadDate": key.created_at,
    }


@iam.operation(on=user, writes=True)
def upload_ssh_public_key(ctx: Context, request: UploadSSHPublicKeyRequestTypeDef) -> dict[str, Any]:
    """Keep a key for a user; five at most, and none twice (text of a second: SNAP)."""
    owner = USER.require(ctx, request["UserName"])
    fingerprint = _fingerprint(_read(request["SSHPublicKeyBody"]))
    present = ssh_keys_of(ctx, owner)
    if any(one.fingerprint == fingerprint for one in present):
        raise iam.error.DuplicateSSHPublicKeyException("The SSH public key already exists for this user.")
    if len(present) >= KEYS_PER_USER:
        raise over_quota("SSHPublicKeysPerUser", KEYS_PER_USER)
    key_id = ids.key_id("APKA")
    ctx.write.run(
        insert(ssh_public_keys).values(
            key_id=key_id,
            account=ctx.account,
            user_id=owner.id,
            body=request["SSHPublicKeyBody"],
            fingerprint=fingerprint,
            status="Active",
            created_at=ctx.now.replace(microsecond=0),
        )
    )
    _, made = _require(ctx, {**request, "SSHPublicKeyId": key_id})
    return {"SSHPublicKey": _whole(owner, made, made.body)}


def _whole(owner: Row, key: Row, body: str) -> dict[str, Any]:
    return {**_metadata(owner, key), "Fingerprint": key.fingerprint, "SSHPublicKeyBody": body}


@iam.operation(on=user)
def get_ssh_public_key(ctx: Context, request: GetSSHPublicKeyRequestTypeDef) -> dict[str, Any]:
    """Tell a key, in ssh-rsa form or in PEM."""
    owner, key = _require(ctx, request)
    read = _read(key.body)
    if request["Encoding"] == "PEM":
        body = read.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    elif key.body.lstrip().startswith("-----"):
        body = read.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    else:
        body = key.body
    return {"SSHPublicKey": _whole(owner, key, body)}


@iam.operation(on=own_or_named)
def list_ssh_public_keys(ctx: Context, request: ListSSHPublicKeysRequestTypeDef) -> dict[str, Any]:
    """List a user's keys without what they are."""
    owner = USER.require(ctx, user_name(ctx, request))
    shown, end = cut_page(ssh_keys_of(ctx, owner), request, lambda one: one.key_id)
    return {"SSHPublicKeys": [_metadata(owner, one) for one in shown], **end}


@iam.operation(on=user, writes=True)
def update_ssh_public_key(ctx: Context, request: UpdateSSHPublicKeyRequestTypeDef) -> None:
    """Activate or deactivate a key."""
    _, key = _require(ctx, request)
    ctx.write.run(
        update(ssh_public_keys).where(ssh_public_keys.c.key_id == key.key_id).values(status=request["Status"])
    )


@iam.operation(on=user, writes=True)
def delete_ssh_public_key(ctx: Context, request: DeleteSSHPublicKeyRequestTypeDef) -> None:
    """Delete a key."""
    _, key = _require(ctx, request)
    ctx.write.run(delete(ssh_public_keys).where(ssh_public_keys.c.key_id == key.key_id))
