"""Service-specific credentials of users: create, list, activate, reset, delete. Nothing here signs in with them."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, insert, select, update

from batchyard import ids
from batchyard.framework.context import Context
from batchyard.services.iam.nouns import USER, cut_page
from batchyard.services.iam.policies.documents import over_quota
from batchyard.services.iam.resources import own_or_named, user, user_name
from batchyard.services.iam.service import iam
from batchyard.services.iam.tables import service_credentials
from batchyard.store.prepared import Prepared, Row

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import (
        CreateServiceSpecificCredentialRequestTypeDef,
        DeleteServiceSpecificCredentialRequestTypeDef,
        ListServiceSpecificCredentialsRequestTypeDef,
        ResetServiceSpecificCredentialRequestTypeDef,
        UpdateServiceSpecificCredentialRequestTypeDef,
    )

PER_SERVICE = 2
SERVICES = ("codecommit.amazonaws.com", "cassandra.amazonaws.com")
"""Those whose credentials are a name and a password; the API keys of others are not built."""

_OF_USER = Prepared(
    select(service_credentials)
    .where(service_credentials.c.user_id == bindparam("owner"))
    .order_by(service_credentials.c.credential_id)
)
_BY_ID = Prepared(
    select(service_credentials).where(service_credentials.c.credential_id == bindparam("wanted"))
)


def _find(ctx: Context, request: Mapping[str, Any]) -> Row | None:
    """The account's credential with the request's id, whoever has it."""
    row = ctx.read.first(_BY_ID, wanted=request["ServiceSpecificCredentialId"])
    return row if row is not None and row.account == ctx.account else None


def _require(ctx: Context, request: Any) -> tuple[Row, Row]:
    """The user and its credential; raises NoSuchEntity (text: a guess)."""
    owner = USER.require(ctx, user_name(ctx, request))
    row = _find(ctx, request)
    if row is None or row.user_id != owner.id:
        text = f"No such credential {request['ServiceSpecificCredentialId']} exists"
        raise iam.error.NoSuchEntityException(text)
    return owner, row


def _asked_service(ctx: Context, request: dict[str, Any]) -> Mapping[str, str]:
    keys = {"iam:ServiceSpecificCredentialServiceName": request["ServiceName"]}
    if "CredentialAgeDays" in request:
        keys["iam:ServiceSpecificCredentialAgeDays"] = str(request["CredentialAgeDays"])
    return keys


def _its_service(ctx: Context, request: dict[str, Any]) -> Mapping[str, str]:
    row = _find(ctx, request)
    return {} if row is None else {"iam:ServiceSpecificCredentialServiceName": row.service_name}


def _check_service(name: str) -> None:
    if name not in SERVICES:
        # The code is the model's; the text is a guess.
        raise iam.error.ServiceNotSupportedException(
            f"No such service {name} is supported for this operation"
        )


def _shape(owner: Row, row: Row) -> dict[str, Any]:
    return {
        "UserName": owner.name,
        "Status": row.status,
        "ServiceUserName": row.service_user_name,
        "CreateDate": row.created_at,
        "ServiceSpecificCredentialId": row.credential_id,
        "ServiceName": row.service_name,
    }


def _new_password() -> tuple[str, str]:
    """A password in AWS's form (32 random bytes in base64) and its digest: random bytes need no slow digest."""
    password = base64.b64encode(os.urandom(32)).decode()
    return password, hashlib.sha256(password.encode()).hexdigest()


@iam.operation(on=user, conditions=_asked_service, writes=True, refuses=("CredentialAgeDays",))
def create_service_specific_credential(
    ctx: Context, request: CreateServiceSpecificCredentialRequestTypeDef
) -> dict[str, Any]:
    """Make a name and a password for one service; two at most for each, the password is shown this once."""
    owner = USER.require(ctx, request["UserName"])
    name = request["ServiceName"]
    _check_service(name)
    present = [row for row in ctx.read.all(_OF_USER, owner=owner.id) if row.service_name == name]
    if len(present) >= PER_SERVICE:
        raise over_quota("ServiceSpecificCredentialsPerUser", PER_SERVICE)
    taken = {row.service_user_name for row in present}
    plain, second = f"{owner.name}-at-{ctx.account}", f"{owner.name}+1-at-{ctx.account}"
    password, digest = _new_password()
    credential_id = ids.principal_id("ACCA")
    ctx.write.run(
        insert(service_credentials).values(
            credential_id=credential_id,
            account=ctx.account,
            user_id=owner.id,
            service_name=name,
            service_user_name=second if plain in taken else plain,
            digest=digest,
            status="Active",
            created_at=ctx.now.replace(microsecond=0),
        )
    )
    _, row = _require(ctx, {**request, "ServiceSpecificCredentialId": credential_id})
    return {"ServiceSpecificCredential": {**_shape(owner, row), "ServicePassword": password}}


@iam.operation(on=own_or_named, refuses=("AllUsers",))
def list_service_specific_credentials(
    ctx: Context, request: ListServiceSpecificCredentialsRequestTypeDef
) -> dict[str, Any]:
    """List a user's credentials, of all services or of one, without their passwords."""
    owner = USER.require(ctx, user_name(ctx, request))
    wanted = request.get("ServiceName")
    if wanted is not None:
        _check_service(wanted)
    rows = [row for row in ctx.read.all(_OF_USER, owner=owner.id) if wanted in (None, row.service_name)]
    shown, end = cut_page(rows, request, lambda row: row.credential_id)
    return {"ServiceSpecificCredentials": [_shape(owner, row) for row in shown], **end}


@iam.operation(on=own_or_named, conditions=_its_service, writes=True)
def update_service_specific_credential(
    ctx: Context, request: UpdateServiceSpecificCredentialRequestTypeDef
) -> None:
    """Activate or deactivate a credential."""
    _, row = _require(ctx, request)
    _update(ctx, row, status=request["Status"])


@iam.operation(on=own_or_named, conditions=_its_service, writes=True)
def reset_service_specific_credential(
    ctx: Context, request: ResetServiceSpecificCredentialRequestTypeDef
) -> dict[str, Any]:
    """Give a credential another password, shown this once."""
    owner, row = _require(ctx, request)
    password, digest = _new_password()
    _update(ctx, row, digest=digest)
    return {"ServiceSpecificCredential": {**_shape(owner, row), "ServicePassword": password}}


@iam.operation(on=own_or_named, conditions=_its_service, writes=True)
def delete_service_specific_credential(
    ctx: Context, request: DeleteServiceSpecificCredentialRequestTypeDef
) -> None:
    """Delete a credential."""
    _, row = _require(ctx, request)
    ctx.write.run(delete(service_credentials).where(service_credentials.c.credential_id == row.credential_id))


def _update(ctx: Context, row: Row, **values: Any) -> None:
    changed = update(service_credentials).where(service_credentials.c.credential_id == row.credential_id)
    ctx.write.run(changed.values(**values))
