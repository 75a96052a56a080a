"""Users' X.509 signing certificates: upload, list, activate, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, insert, select, update

from batchyard import ids
from batchyard.framework.context import Context
from batchyard.services.iam.credentials import pem
from batchyard.services.iam.nouns import USER, cut_page
from batchyard.services.iam.policies.documents import over_quota
from batchyard.services.iam.resources import own_or_named, user_name
from batchyard.services.iam.service import iam
from batchyard.services.iam.tables import signing_certificates
from batchyard.store.prepared import Prepared, Row

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import (
        DeleteSigningCertificateRequestTypeDef,
        ListSigningCertificatesRequestTypeDef,
        UpdateSigningCertificateRequestTypeDef,
        UploadSigningCertificateRequestTypeDef,
    )

CERTIFICATES_PER_USER = 2

_OF_USER = Prepared(
    select(signing_certificates)
    .where(signing_certificates.c.user_id == bindparam("owner"))
    .order_by(signing_certificates.c.certificate_id)
)


def certificates_of(ctx: Context, owner: Row) -> list[Row]:
    """A user's signing certificates."""
    return list(ctx.read.all(_OF_USER, owner=owner.id))


def _owner(ctx: Context, request: Any) -> Row:
    return USER.require(ctx, user_name(ctx, request))


def _require(ctx: Context, request: Any) -> Row:
    """The user's certificate; raises NoSuchEntity (text recorded: SNAP)."""
    for certificate in certificates_of(ctx, _owner(ctx, request)):
        if certificate.certificate_id == request["CertificateId"]:
            return certificate
    text = f"The Certificate with id {request['CertificateId']} cannot be found."
    raise iam.error.NoSuchEntityException(text)


def _shape(owner: Row, certificate: Row) -> dict[str, Any]:
    return {
        "UserName": owner.name,
        "CertificateId": certificate.certificate_id,
        "CertificateBody": certificate.body,
        "Status": certificate.status,
        "UploadDate": certificate.created_at,
    }


@iam.operation(on=own_or_named, writes=True)
def upload_signing_certificate(
    ctx: Context, request: UploadSigningCertificateRequestTypeDef
) -> dict[str, Any]:
    """Keep a certificate for a user; two at most, and none twice (DuplicateCertificate's text is a guess)."""
    owner = _owner(ctx, request)
    pem.read_certificate(request["CertificateBody"])
    present = certificates_of(ctx, owner)
    if any(one.body == request["CertificateBody"] for one in present):
        raise iam.error.DuplicateCertificateException("The certificate already exists for this user.")
    if len(present) >= CERTIFICATES_PER_USER:
        raise over_quota("CertificatesPerUser", CERTIFICATES_PER_USER)
    certificate_id = ids.key_id("")[:7] + ids.principal_id("")
    ctx.write.run(
        insert(signing_certificates).values(
            certificate_id=certificate_id,
            account=ctx.account,
            user_id=owner.id,
            body=request["CertificateBody"],
            status="Active",
            created_at=ctx.now.replace(microsecond=0),
        )
    )
    made = _require(ctx, {**request, "CertificateId": certificate_id})
    return {"Certificate": _shape(owner, made)}


@iam.operation(on=own_or_named)
def list_signing_certificates(ctx: Context, request: ListSigningCertificatesRequestTypeDef) -> dict[str, Any]:
    """List a user's certificates."""
    owner = _owner(ctx, request)
    shown, end = cut_page(certificates_of(ctx, owner), request, lambda one: one.certificate_id)
    return {"Certificates": [_shape(owner, one) for one in shown], **end}


@iam.operation(on=own_or_named, writes=True)
def update_signing_certificate(ctx: Context, request: UpdateSigningCertificateRequestTypeDef) -> None:
    """Activate or deactivate a certificate."""
    certificate = _require(ctx, request)
    ctx.write.run(
        update(signing_certificates)
        .where(signing_certificates.c.certificate_id == certificate.certificate_id)
        .values(status=request["Status"])
    )


@iam.operation(on=own_or_named, writes=True)
def delete_signing_certificate(ctx: Context, request: DeleteSigningCertificateRequestTypeDef) -> None:
    """Delete a certificate."""
    certificate = _require(ctx, request)
    ctx.write.run(
        delete(signing_certificates).where(
            signing_certificates.c.certificate_id == certificate.certificate_id
        )
    )
