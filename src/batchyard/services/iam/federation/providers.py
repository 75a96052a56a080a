"""Identity providers, OpenID Connect's and SAML's: found by their ARN, which is all that most calls have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from batchyard.framework.check import Check, Target
from batchyard.framework.context import Context
from batchyard.services.iam import revisions, tables
from batchyard.services.iam.nouns import Noun, Row, find, no_such
from batchyard.services.iam.resources import tagging_checks

PROVIDERS_PER_ACCOUNT = 100
"""Of each kind (IAM user guide, IAM quotas)."""

OIDC_PROVIDER = Noun(
    "oidc-provider",
    "OpenIDConnectProviderArn",
    tables.oidc_providers,
    "OIDC",
    "OpenIDConnect Provider not found for arn {name}",
    "Provider with url https://{name} already exists.",
)
"""Its name is the issuer's URL without the scheme. Both texts are recorded (SNAP)."""

SAML_PROVIDER = Noun(
    "saml-provider",
    "SAMLProviderArn",
    tables.saml_providers,
    "SAML",
    "Manifest not found for arn {name}",
    "SAMLProvider with name {name} already exists.",
)
"""The first text is recorded (SNAP), the second a guess."""


def find_provider(ctx: Context, noun: Noun, arn: str) -> Row | None:
    """The account's provider with exactly this ARN, or None."""
    prefix = noun.arn(ctx.partition, ctx.account, "/", "")
    row = find(ctx, noun, arn[len(prefix) :]) if arn.startswith(prefix) else None
    return row if row is not None and noun.arn_of(row) == arn else None


def require_provider(ctx: Context, noun: Noun, request: Any) -> Row:
    """The provider that the request names; raises NoSuchEntity."""
    row = find_provider(ctx, noun, request[noun.member])
    if row is None:
        raise no_such(noun, request[noun.member])
    return row


def given_provider(noun: Noun) -> Target:
    """The provider whose ARN is given, whether it is there or not."""

    def checks(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
        row = find_provider(ctx, noun, request[noun.member])
        return [Check(resource=request[noun.member], tags=lambda: None if row is None else row.tags)]

    return checks


def provider_to_be(noun: Noun, name_in: Callable[[Mapping[str, Any]], str]) -> Target:
    """The provider that the call would make, under the name that stands in its request."""

    def checks(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
        arn = noun.arn(ctx.partition, ctx.account, "/", name_in(request))
        return [Check(resource=arn), *tagging_checks(noun, arn, request)]

    return checks


def announce_new(ctx: Context, noun: Noun, row: Row) -> dict[str, Any]:
    """Tell policies and audit of a new provider; the answer: its ARN, and its tags where it has any."""
    arn = noun.arn_of(row)
    revisions.changed(ctx)
    ctx.note_resource(arn)
    return {noun.member: arn} | ({"Tags": sorted_tags(row)} if row.tags else {})


def all_providers(ctx: Context, noun: Noun) -> Sequence[Row]:
    """All of the account's, by name: the model has no pages for them."""
    return noun.list_after(
        ctx.read, ctx.partition, ctx.account, after="", prefix="/", count=PROVIDERS_PER_ACCOUNT
    )


def sorted_tags(row: Row) -> list[dict[str, str]]:
    """A provider's tags in the order of their keys (botocore, GetOpenIDConnectProvider and GetSAMLProvider)."""
    return [{"Key": key, "Value": row.tags[key]} for key in sorted(row.tags)]
