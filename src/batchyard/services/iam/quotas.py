"""How many users, groups, roles, policies, profiles and providers an account may have (iam-evaluation.md 9)."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from batchyard.framework.context import Context
from batchyard.framework.noun import Noun
from batchyard.services.iam.federation.providers import OIDC_PROVIDER, PROVIDERS_PER_ACCOUNT, SAML_PROVIDER
from batchyard.services.iam.nouns import (
    GROUP,
    INSTANCE_PROFILE,
    POLICY,
    ROLE,
    SERVER_CERTIFICATE,
    USER,
    rows_of,
)
from batchyard.services.iam.policies.documents import over_quota
from batchyard.store.prepared import Prepared, Row

PER_ACCOUNT = {
    USER: ("UsersPerAccount", 5000),
    GROUP: ("GroupsPerAccount", 300),
    ROLE: ("RolesPerAccount", 1000),
    POLICY: ("PoliciesPerAccount", 1500),
    INSTANCE_PROFILE: ("InstanceProfilesPerAccount", 1000),
    OIDC_PROVIDER: ("OpenIdConnectProvidersPerAccount", PROVIDERS_PER_ACCOUNT),
    SERVER_CERTIFICATE: ("ServerCertificatesPerAccount", 20),
    SAML_PROVIDER: ("SAMLProvidersPerAccount", PROVIDERS_PER_ACCOUNT),
}
"""Each kind's quota and AWS's name for it in `Cannot exceed quota for …` (IAM user guide, IAM quotas)."""


def _last_allowed(noun: Noun[Row], quota: int) -> Prepared:
    columns = rows_of(noun).table.c
    of_account = (columns.partition == bindparam("in_partition")) & (columns.account == bindparam("of"))
    return Prepared(
        select(columns.name_key).where(of_account).order_by(columns.name_key).limit(1).offset(quota - 1)
    )


_LAST_ALLOWED = {noun: _last_allowed(noun, quota) for noun, (_, quota) in PER_ACCOUNT.items()}


def refuse_full(ctx: Context, noun: Noun[Row]) -> None:
    """Raise LimitExceeded where the account already has as many of this kind as it may."""
    if ctx.write.first(_LAST_ALLOWED[noun], in_partition=ctx.partition, of=ctx.account) is not None:
        raise over_quota(*PER_ACCOUNT[noun])
