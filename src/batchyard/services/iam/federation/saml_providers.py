"""SAML providers: create, get, list, update, delete, their keys for encrypted assertions, and tags."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.serialization import load_pem_private_key

from batchyard import ids
from batchyard.framework.check import ANY
from batchyard.framework.context import Context
from batchyard.framework.operation import NoMembers
from batchyard.services.iam import revisions
from batchyard.services.iam.federation.providers import (
    SAML_PROVIDER,
    all_providers,
    announce_new,
    provider_to_be,
    sorted_tags,
)
from batchyard.services.iam.federation.saml_metadata import valid_until
from batchyard.services.iam.nouns import delete_row, insert_new, update_row
from batchyard.services.iam.policies.documents import over_quota
from batchyard.services.iam.quotas import refuse_full
from batchyard.services.iam.service import iam
from batchyard.services.iam.tags import checked_tags
from batchyard.store.prepared import Row

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import (
        CreateSAMLProviderRequestTypeDef,
        DeleteSAMLProviderRequestTypeDef,
        GetSAMLProviderRequestTypeDef,
        UpdateSAMLProviderRequestTypeDef,
    )

MOST_KEYS = 2
KEY_PURPOSE = "saml-private-key"
_REFUSED = ("ContextProvider", "IdentityCenterInstanceArn")
_given = SAML_PROVIDER.named()
_to_be = provider_to_be(SAML_PROVIDER, lambda request: request["Name"])


def _valid_until(ctx: Context, document: str) -> datetime:
    """What the document says, else a hundred years from now (aws-cli's example of get-saml-provider)."""
    now = ctx.now.replace(microsecond=0)
    return valid_until(document) or now.replace(year=now.year + 100, day=min(now.day, 28))


@iam.operation(on=_to_be, tags="Tags", writes=True, refuses=_REFUSED)
def create_saml_provider(ctx: Context, request: CreateSAMLProviderRequestTypeDef) -> dict[str, Any]:
    """Make a provider from an identity provider's metadata."""
    expires = _valid_until(ctx, request["SAMLMetadataDocument"])
    tags = checked_tags(SAML_PROVIDER, request.get("Tags", ()))
    refuse_full(ctx, SAML_PROVIDER)
    row = insert_new(
        ctx,
        SAML_PROVIDER,
        request["Name"],
        metadata_document=request["SAMLMetadataDocument"],
        valid_until=expires,
        encryption_mode=request.get("AssertionEncryptionMode", "Allowed"),
        private_keys=_with_key(ctx, [], request),
        tags=tags,
    )
    return announce_new(ctx, SAML_PROVIDER, row)


@iam.operation(on=_given)
def get_saml_provider(ctx: Context, request: GetSAMLProviderRequestTypeDef) -> dict[str, Any]:
    """Tell about a provider, its keys without what they hold (members recorded: SNAP)."""
    row = SAML_PROVIDER.require(ctx, request["SAMLProviderArn"])
    return {
        "SAMLProviderUUID": row.id,
        "SAMLMetadataDocument": row.metadata_document,
        "CreateDate": row.created_at,
        "ValidUntil": row.valid_until,
        "Tags": sorted_tags(row),
        "AssertionEncryptionMode": row.encryption_mode,
        "PrivateKeyList": [
            {"KeyId": key["id"], "Timestamp": datetime.fromisoformat(key["added"])}
            for key in row.private_keys
        ],
    }


@iam.operation(on=ANY)
def list_saml_providers(ctx: Context, request: NoMembers) -> dict[str, Any]:
    """List all providers."""
    shown = [
        {"Arn": SAML_PROVIDER.arn_of(row), "ValidUntil": row.valid_until, "CreateDate": row.created_at}
        for row in all_providers(ctx, SAML_PROVIDER)
    ]
    return {"SAMLProviderList": shown}


@iam.operation(
    on=_given, writes=True, refuses=(*_REFUSED, "RemoveContextProvider", "RemoveIdentityCenterInstance")
)
def update_saml_provider(ctx: Context, request: UpdateSAMLProviderRequestTypeDef) -> dict[str, Any]:
    """Change metadata, encryption or keys; what is left out stays."""
    row = SAML_PROVIDER.require(ctx, request["SAMLProviderArn"])
    values: dict[str, Any] = {}
    if "SAMLMetadataDocument" in request:
        document = request["SAMLMetadataDocument"]
        values |= {"metadata_document": document, "valid_until": _valid_until(ctx, document)}
    if "AssertionEncryptionMode" in request:
        values["encryption_mode"] = request["AssertionEncryptionMode"]
    if "RemovePrivateKey" in request or "AddPrivateKey" in request:
        values["private_keys"] = _with_key(ctx, _without_key(row, request), request)
    if values:
        update_row(ctx, SAML_PROVIDER, row, **values)
        revisions.changed(ctx)
    return {"SAMLProviderArn": SAML_PROVIDER.arn_of(row)}


def _without_key(row: Row, request: Any) -> list[dict[str, str]]:
    keys: list[dict[str, str]] = list(row.private_keys)
    if "RemovePrivateKey" not in request:
        return keys
    left = [key for key in keys if key["id"] != request["RemovePrivateKey"]]
    if len(left) == len(keys):
        text = f"Private key {request['RemovePrivateKey']} cannot be found."
        raise iam.error.NoSuchEntityException(text)
    return left


def _with_key(ctx: Context, keys: list[dict[str, str]], request: Any) -> list[dict[str, str]]:
    """The keys with AddPrivateKey, sealed; at most two at a time (IAM user guide, SAML encryption)."""
    if "AddPrivateKey" not in request:
        return keys
    try:
        load_pem_private_key(request["AddPrivateKey"].encode(), password=None)
    except (ValueError, TypeError) as error:
        # InvalidInput is the model's; the text is a guess.
        raise iam.error.InvalidInputException("Could not parse the private key.") from error
    if len(keys) >= MOST_KEYS:
        raise over_quota("PrivateKeysPerSAMLProvider", MOST_KEYS)
    added = {
        "id": ids.principal_id("SAMLKEY"),
        "added": ctx.now.replace(microsecond=0).isoformat(),
        "sealed": ctx.runtime.keyring.seal(KEY_PURPOSE, request["AddPrivateKey"]),
    }
    return [*keys, added]


@iam.operation(on=_given, writes=True)
def delete_saml_provider(ctx: Context, request: DeleteSAMLProviderRequestTypeDef) -> None:
    """Delete a provider; roles that trust it stay."""
    delete_row(ctx, SAML_PROVIDER, SAML_PROVIDER.require(ctx, request["SAMLProviderArn"]))
    revisions.changed(ctx)
