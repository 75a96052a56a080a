"""OpenID Connect providers: create, get, list, update, delete, their client ids and tags."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from batchyard.framework.check import ANY
from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.framework.operation import NoMembers
from batchyard.services.iam import revisions
from batchyard.services.iam.federation.providers import (
    OIDC_PROVIDER,
    all_providers,
    announce_new,
    provider_to_be,
    sorted_tags,
)
from batchyard.services.iam.nouns import delete_row, insert_new, update_row
from batchyard.services.iam.policies.documents import over_quota
from batchyard.services.iam.quotas import refuse_full
from batchyard.services.iam.service import iam
from batchyard.services.iam.tags import checked_tags

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import (
        AddClientIDToOpenIDConnectProviderRequestTypeDef,
        CreateOpenIDConnectProviderRequestTypeDef,
        DeleteOpenIDConnectProviderRequestTypeDef,
        GetOpenIDConnectProviderRequestTypeDef,
        RemoveClientIDFromOpenIDConnectProviderRequestTypeDef,
        UpdateOpenIDConnectProviderThumbprintRequestTypeDef,
    )

MOST_CLIENT_IDS = 100
MOST_THUMBPRINTS = 5

_URL = re.compile(r"https://(?P<name>[A-Za-z0-9.-]+\.?(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~/!$&'()*+,;=:@%-]*)?)")
_given = OIDC_PROVIDER.named()
_to_be = provider_to_be(OIDC_PROVIDER, lambda request: request["Url"].partition("://")[2])


def _name(url: str) -> str:
    """The issuer without its scheme; raises ValidationError for what is no https URL (text recorded: SNAP)."""
    found = _URL.fullmatch(url)
    if found is None:
        raise ApiError("ValidationError", "Invalid Open ID Connect Provider URL")
    return found["name"]


@iam.operation(on=_to_be, tags="Tags", writes=True, refuses=("ContextProvider", "IdentityCenterInstanceArn"))
def create_open_id_connect_provider(
    ctx: Context, request: CreateOpenIDConnectProviderRequestTypeDef
) -> dict[str, Any]:
    """Make a provider. Without thumbprints it has none: AWS would fetch it, Batchyard calls nobody."""
    name = _name(request["Url"])
    _check_thumbprints(request.get("ThumbprintList", ()))
    _check_client_ids(request.get("ClientIDList", ()))
    tags = checked_tags(OIDC_PROVIDER, request.get("Tags", ()))
    refuse_full(ctx, OIDC_PROVIDER)
    row = insert_new(
        ctx,
        OIDC_PROVIDER,
        name,
        client_ids=list(dict.fromkeys(request.get("ClientIDList", ()))),
        thumbprints=list(request.get("ThumbprintList", ())),
        tags=tags,
    )
    return announce_new(ctx, OIDC_PROVIDER, row)


def _check_thumbprints(thumbprints: Iterable[str]) -> None:
    if len(list(thumbprints)) > MOST_THUMBPRINTS:
        # As recorded (SNAP), although five are allowed.
        raise iam.error.InvalidInputException("Thumbprint list must contain fewer than 5 entries.")


def _check_client_ids(client_ids: Iterable[str]) -> None:
    if len(set(client_ids)) > MOST_CLIENT_IDS:
        raise over_quota("ClientIdsPerOpenIdConnectProvider", MOST_CLIENT_IDS)


@iam.operation(on=_given)
def get_open_id_connect_provider(
    ctx: Context, request: GetOpenIDConnectProviderRequestTypeDef
) -> dict[str, Any]:
    """Tell about a provider; its Url has no scheme (aws-cli's example)."""
    row = OIDC_PROVIDER.require(ctx, request["OpenIDConnectProviderArn"])
    return {
        "Url": row.name,
        "ClientIDList": row.client_ids,
        "ThumbprintList": row.thumbprints,
        "CreateDate": row.created_at,
        "Tags": sorted_tags(row),
    }


@iam.operation(on=ANY)
def list_open_id_connect_providers(ctx: Context, request: NoMembers) -> dict[str, Any]:
    """List the ARNs of all providers."""
    rows = all_providers(ctx, OIDC_PROVIDER)
    return {"OpenIDConnectProviderList": [{"Arn": OIDC_PROVIDER.arn_of(row)} for row in rows]}


@iam.operation(on=_given, writes=True)
def update_open_id_connect_provider_thumbprint(
    ctx: Context, request: UpdateOpenIDConnectProviderThumbprintRequestTypeDef
) -> None:
    """Replace the thumbprints."""
    row = OIDC_PROVIDER.require(ctx, request["OpenIDConnectProviderArn"])
    _check_thumbprints(request["ThumbprintList"])
    update_row(ctx, OIDC_PROVIDER, row, thumbprints=request["ThumbprintList"])
    revisions.changed(ctx)


@iam.operation(on=_given, writes=True)
def add_client_id_to_open_id_connect_provider(
    ctx: Context, request: AddClientIDToOpenIDConnectProviderRequestTypeDef
) -> None:
    """Add a client id; an id that is there stays."""
    row = OIDC_PROVIDER.require(ctx, request["OpenIDConnectProviderArn"])
    client_ids = list(dict.fromkeys([*row.client_ids, request["ClientID"]]))
    _check_client_ids(client_ids)
    update_row(ctx, OIDC_PROVIDER, row, client_ids=client_ids)
    revisions.changed(ctx)


@iam.operation(on=_given, writes=True)
def remove_client_id_from_open_id_connect_provider(
    ctx: Context, request: RemoveClientIDFromOpenIDConnectProviderRequestTypeDef
) -> None:
    """Take a client id away; a missing id is no error."""
    row = OIDC_PROVIDER.require(ctx, request["OpenIDConnectProviderArn"])
    left = [one for one in row.client_ids if one != request["ClientID"]]
    update_row(ctx, OIDC_PROVIDER, row, client_ids=left)
    revisions.changed(ctx)


@iam.operation(on=_given, writes=True)
def delete_open_id_connect_provider(ctx: Context, request: DeleteOpenIDConnectProviderRequestTypeDef) -> None:
    """Delete a provider; roles that trust it stay. A missing provider has words of its own here (recorded: SNAP)."""
    row = OIDC_PROVIDER.find(ctx, request["OpenIDConnectProviderArn"])
    if row is None:
        text = f"OpenId connect Provider {request['OpenIDConnectProviderArn']} cannot be found."
        raise iam.error.NoSuchEntityException(text)
    delete_row(ctx, OIDC_PROVIDER, row)
    revisions.changed(ctx)
