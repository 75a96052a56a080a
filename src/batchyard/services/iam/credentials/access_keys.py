"""Users' access keys: create, list, update, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, insert, select, update

from batchyard import ids
from batchyard.framework.context import Context
from batchyard.services.iam import revisions
from batchyard.services.iam.nouns import USER, cut_page
from batchyard.services.iam.policies.documents import over_quota
from batchyard.services.iam.ports import SECRET_PURPOSE
from batchyard.services.iam.resources import own_or_named, user_name
from batchyard.services.iam.service import iam
from batchyard.services.iam.tables import access_keys
from batchyard.store.prepared import Prepared, Row

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import (
        CreateAccessKeyRequestTypeDef,
        DeleteAccessKeyRequestTypeDef,
        ListAccessKeysRequestTypeDef,
        UpdateAccessKeyRequestTypeDef,
    )

KEYS_PER_USER = 2

_OF_USER = Prepared(
    select(access_keys)
    .where(access_keys.c.user_id == bindparam("owner"))
    .order_by(access_keys.c.created_at, access_keys.c.access_key_id)
)
_BY_ID = Prepared(select(access_keys).where(access_keys.c.access_key_id == bindparam("wanted")))


def keys_of(ctx: Context, row: Row) -> list[Row]:
    """A user's access keys, the oldest first."""
    return list(ctx.read.all(_OF_USER, owner=row.id))


def find_key(ctx: Context, access_key_id: str) -> Row | None:
    """The key with this id, of whatever account; or None."""
    return ctx.read.first(_BY_ID, wanted=access_key_id)


def _user(ctx: Context, request: Any) -> Row:
    return USER.require(ctx, user_name(ctx, request))


def _key(ctx: Context, request: Any) -> Row:
    """The user's key with the given id; raises NoSuchEntity (text recorded: SNAP)."""
    owner = _user(ctx, request)
    key = find_key(ctx, request["AccessKeyId"])
    if key is None or key.user_id != owner.id:
        text = f"The Access Key with id {request['AccessKeyId']} cannot be found."
        raise iam.error.NoSuchEntityException(text)
    return key


def _metadata(key: Row, name: str) -> dict[str, Any]:
    return {
        "UserName": name,
        "AccessKeyId": key.access_key_id,
        "Status": key.status,
        "CreateDate": key.created_at,
    }


def _new_id(ctx: Context) -> str:
    access_key_id = ids.access_key_id("AKIA", ctx.account)
    while find_key(ctx, access_key_id) is not None:
        access_key_id = ids.access_key_id("AKIA", ctx.account)
    return access_key_id


@iam.operation(on=own_or_named, writes=True)
def create_access_key(ctx: Context, request: CreateAccessKeyRequestTypeDef) -> dict[str, Any]:
    """Make a key for a user; the secret is shown this once and kept sealed."""
    owner = _user(ctx, request)
    if len(keys_of(ctx, owner)) >= KEYS_PER_USER:
        raise over_quota("AccessKeysPerUser", KEYS_PER_USER)
    access_key_id = _new_id(ctx)
    secret = ids.secret_access_key()
    ctx.write.run(
        insert(access_keys).values(
            access_key_id=access_key_id,
            partition=ctx.partition,
            account=ctx.account,
            user_id=owner.id,
            sealed_secret=ctx.runtime.keyring.seal(SECRET_PURPOSE, secret),
            status="Active",
            created_at=ctx.now.replace(microsecond=0),
        )
    )
    revisions.changed(ctx)
    key = find_key(ctx, access_key_id)
    return {"AccessKey": {**_metadata(key, owner.name), "SecretAccessKey": secret}}


@iam.operation(on=own_or_named)
def list_access_keys(ctx: Context, request: ListAccessKeysRequestTypeDef) -> dict[str, Any]:
    """List a user's keys, without their secrets."""
    owner = _user(ctx, request)
    keys, end = cut_page(keys_of(ctx, owner), request, lambda key: key.access_key_id)
    return {"AccessKeyMetadata": [_metadata(key, owner.name) for key in keys], **end}


@iam.operation(on=own_or_named, writes=True)
def update_access_key(ctx: Context, request: UpdateAccessKeyRequestTypeDef) -> None:
    """Activate or deactivate a key; an inactive one signs nothing."""
    key = _key(ctx, request)
    ctx.write.run(
        update(access_keys)
        .where(access_keys.c.access_key_id == key.access_key_id)
        .values(status=request["Status"])
    )
    revisions.changed(ctx)


@iam.operation(on=own_or_named, writes=True)
def delete_access_key(ctx: Context, request: DeleteAccessKeyRequestTypeDef) -> None:
    """Delete a key; it signs nothing from the next request on."""
    key = _key(ctx, request)
    ctx.write.run(delete(access_keys).where(access_keys.c.access_key_id == key.access_key_id))
    revisions.changed(ctx)
