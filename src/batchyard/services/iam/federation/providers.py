"""Identity providers, OpenID Connect's and SAML's: found by their ARN, which is all that most calls have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from batchyard.framework.check import Check, Target
from batchyard.framework.context import Context
from batchyard.framework.noun import Noun
from batchyard.services.iam import revisions, tables
from batchyard.services.iam.nouns import iam_noun
from batchyard.services.iam.resources import tagging_checks
from batchyard.store.prepared import Row

PROVIDERS_PER_ACCOUNT = 100
"""Of each kind (IAM user guide, IAM quotas)."""

OIDC_PROVIDER = iam_noun(
    "oidc-provider/{name}",
    "OpenIDConnectProviderArn",
    tables.oidc_providers,
    "OIDC",
    missing="OpenIDConnect Provider not found for arn {name}",
    taken="Provider with url https://{name} already exists.",
    given="arn",
    unknown={},
)
"""Its name is the issuer's URL without the scheme. Both texts are recorded (SNAP)."""

SAML_PROVIDER = iam_noun(
    "saml-provider/{name}",
    "SAMLProviderArn",
    tables.saml_providers,
    "SAML",
    missing="Manifest not found for arn {name}",
    taken="SAMLProvider with name {name} already exists.",
    given="arn",
    unknown={},
)
"""The first text is recorded (SNAP), the second a guess."""


def provider_to_be(noun: Noun[Row], name_in: Callable[[Mapping[str, Any]], str]) -> Target:
    """The provider that the call would make, under the name that stands in its request."""

    def checks(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
        arn = noun.arn(ctx, name_in(request))
        return [Check(resource=arn), *tagging_checks(noun, arn, request)]

    return checks


def announce_new(ctx: Context, noun: Noun[Row], row: Row) -> dict[str, Any]:
    """Tell policies and audit of a new provider; the answer: its ARN, and its tags where it has any."""
    arn = noun.arn_of(row)
    revisions.changed(ctx)
    ctx.note_resource(arn)
    return {noun.member: arn} | ({"Tags": sorted_tags(row)} if row.tags else {})


def all_providers(ctx: Context, noun: Noun[Row]) -> Sequence[Row]:
    """All of the account's, by name: the model has no pages for them."""
    return noun.page(ctx, "", PROVIDERS_PER_ACCOUNT, prefix="/")[0]


def sorted_tags(row: Row) -> list[dict[str, str]]:
    """A provider's tags in the order of their keys (botocore, GetOpenIDConnectProvider and GetSAMLProvider)."""
    return [{"Key": key, "Value": row.tags[key]} for key in sorted(row.tags)]
