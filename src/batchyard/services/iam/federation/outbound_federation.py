"""Outbound web identity federation: whether the account's principals may have tokens for services elsewhere.

Texts, and that issuer and keys stay through disabling and enabling again, are recorded: radkawar/stackd,
testdata/aws/iam/outbound_issuance.json and outbound_lifecycle.json.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import update

from batchyard.framework.check import ANY
from batchyard.framework.context import Context
from batchyard.framework.operation import NoMembers
from batchyard.identity.token_issuers import issuer_url
from batchyard.services.iam.federation.token_issuers import find_issuer, insert_issuer
from batchyard.services.iam.service import iam
from batchyard.services.iam.tables import token_issuers
from batchyard.store.prepared import Row


@iam.operation(on=ANY, writes=True)
def enable_outbound_web_identity_federation(ctx: Context, request: NoMembers) -> dict[str, Any]:
    """Let the account's principals call GetWebIdentityToken; its issuer is made at the first time, and stays."""
    issuer = find_issuer(ctx.write, ctx.partition, ctx.account)
    if issuer is None:
        issuer_id = insert_issuer(ctx)
    elif issuer.is_enabled:
        text = f"Outbound identity federation is already enabled for account {ctx.account}"
        raise iam.error.FeatureEnabledException(text)
    else:
        issuer_id = issuer.issuer_id
        _set_enabled(ctx, True)
    return {"IssuerIdentifier": issuer_url(ctx.runtime.public_url, issuer_id)}


@iam.operation(on=ANY, writes=True)
def disable_outbound_web_identity_federation(ctx: Context, request: NoMembers) -> None:
    """End it; the issuer's keys stay public, so that tokens that were issued hold until they expire."""
    _require_enabled(ctx)
    _set_enabled(ctx, False)


@iam.operation(on=ANY)
def get_outbound_web_identity_federation_info(ctx: Context, request: NoMembers) -> dict[str, Any]:
    """Tell the account's issuer, where federation is enabled."""
    issuer_id = _require_enabled(ctx).issuer_id
    return {"IssuerIdentifier": issuer_url(ctx.runtime.public_url, issuer_id), "JwtVendingEnabled": True}


def _require_enabled(ctx: Context) -> Row:
    issuer = find_issuer(ctx.read, ctx.partition, ctx.account)
    if issuer is None or not issuer.is_enabled:
        text = f"Outbound identity federation is disabled for account {ctx.account}"
        raise iam.error.FeatureDisabledException(text)
    return issuer


def _set_enabled(ctx: Context, is_enabled: bool) -> None:
    ctx.write.run(
        update(token_issuers)
        .where(token_issuers.c.account == ctx.account, token_issuers.c.partition == ctx.partition)
        .values(is_enabled=is_enabled)
    )
