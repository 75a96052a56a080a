"""Server certificates: upload, get, list, rename, delete, tag."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batchyard.framework.context import Context
from batchyard.services.iam.credentials import pem
from batchyard.services.iam.federation.providers import sorted_tags
from batchyard.services.iam.nouns import SERVER_CERTIFICATE, delete_row, insert_new, list_page, rename
from batchyard.services.iam.quotas import refuse_full
from batchyard.services.iam.resources import listing, to_be, to_become
from batchyard.services.iam.service import iam
from batchyard.services.iam.tags import checked_tags
from batchyard.store.prepared import Row

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import (
        DeleteServerCertificateRequestTypeDef,
        GetServerCertificateRequestTypeDef,
        ListServerCertificatesRequestTypeDef,
        UpdateServerCertificateRequestTypeDef,
        UploadServerCertificateRequestTypeDef,
    )

KEY_PURPOSE = "server-certificate-key"
_given = SERVER_CERTIFICATE.named()


def _metadata(row: Row) -> dict[str, Any]:
    return {
        "Path": row.path,
        "ServerCertificateName": row.name,
        "ServerCertificateId": row.id,
        "Arn": SERVER_CERTIFICATE.arn_of(row),
        "UploadDate": row.created_at,
        "Expiration": row.expires_at,
    }


@iam.operation(on=to_be(SERVER_CERTIFICATE), tags="Tags", writes=True)
def upload_server_certificate(ctx: Context, request: UploadServerCertificateRequestTypeDef) -> dict[str, Any]:
    """Keep a certificate with its private key, which no call gives back."""
    certificate = pem.read_certificate(request["CertificateBody"])
    if "CertificateChain" in request:
        pem.check_chain(request["CertificateChain"])
    pem.check_key(request["PrivateKey"], certificate)
    tags = checked_tags(SERVER_CERTIFICATE, request.get("Tags", ()))
    refuse_full(ctx, SERVER_CERTIFICATE)
    row = insert_new(
        ctx,
        SERVER_CERTIFICATE,
        request["ServerCertificateName"],
        path=request.get("Path", "/"),
        body=request["CertificateBody"],
        chain=request.get("CertificateChain"),
        sealed_key=ctx.runtime.keyring.seal(KEY_PURPOSE, request["PrivateKey"]),
        expires_at=pem.expires_at(certificate),
        tags=tags,
    )
    ctx.note_resource(SERVER_CERTIFICATE.arn_of(row))
    answer: dict[str, Any] = {"ServerCertificateMetadata": _metadata(row)}
    return answer | ({"Tags": sorted_tags(row)} if tags else {})


@iam.operation(on=_given)
def get_server_certificate(ctx: Context, request: GetServerCertificateRequestTypeDef) -> dict[str, Any]:
    """Tell a certificate and its chain (members recorded: SNAP)."""
    row = SERVER_CERTIFICATE.require(ctx, request["ServerCertificateName"])
    shape = {
        "ServerCertificateMetadata": _metadata(row),
        "CertificateBody": row.body,
        "CertificateChain": row.chain,
        "Tags": sorted_tags(row),
    }
    return {"ServerCertificate": shape}


@iam.operation(on=listing(SERVER_CERTIFICATE))
def list_server_certificates(ctx: Context, request: ListServerCertificatesRequestTypeDef) -> dict[str, Any]:
    """List certificates below a path."""
    rows, end = list_page(ctx, SERVER_CERTIFICATE, request)
    return {"ServerCertificateMetadataList": [_metadata(row) for row in rows], **end}


@iam.operation(on=[_given, to_become(SERVER_CERTIFICATE)], writes=True)
def update_server_certificate(ctx: Context, request: UpdateServerCertificateRequestTypeDef) -> None:
    """Give a certificate another name or path."""
    row = SERVER_CERTIFICATE.require(ctx, request["ServerCertificateName"])
    rename(
        ctx,
        SERVER_CERTIFICATE,
        row,
        name=request.get("NewServerCertificateName"),
        path=request.get("NewPath"),
    )


@iam.operation(on=_given, writes=True)
def delete_server_certificate(ctx: Context, request: DeleteServerCertificateRequestTypeDef) -> None:
    """Delete a certificate: nothing here uses it."""
    delete_row(ctx, SERVER_CERTIFICATE, SERVER_CERTIFICATE.require(ctx, request["ServerCertificateName"]))
