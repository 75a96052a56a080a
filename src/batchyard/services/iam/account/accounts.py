"""The summary of what the account has and may have."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, select

from batchyard.framework.check import ANY
from batchyard.framework.context import Context
from batchyard.framework.noun import Noun
from batchyard.framework.operation import NoMembers
from batchyard.services.iam.credentials.access_keys import KEYS_PER_USER
from batchyard.services.iam.credentials.signing_certificates import CERTIFICATES_PER_USER
from batchyard.services.iam.credentials.token_preferences import global_endpoint_token_version
from batchyard.services.iam.federation.providers import OIDC_PROVIDER, SAML_PROVIDER
from batchyard.services.iam.nouns import (
    GROUP,
    INSTANCE_PROFILE,
    MFA_DEVICE,
    POLICY,
    ROLE,
    SERVER_CERTIFICATE,
    USER,
    rows_of,
)
from batchyard.services.iam.policies import documents
from batchyard.services.iam.policies.attached_policies import MOST_ATTACHED
from batchyard.services.iam.policies.policy_versions import MOST_VERSIONS
from batchyard.services.iam.principals.groups import GROUPS_PER_USER
from batchyard.services.iam.quotas import PER_ACCOUNT
from batchyard.services.iam.service import iam
from batchyard.services.iam.tables import policies, policy_versions
from batchyard.store.prepared import Prepared, Row

VERSIONS_IN_USE = 10000
"""AWS's quota of policy versions in an account, as the summary tells it (recorded: SNAP)."""

_VERSIONS = Prepared(
    select(func.count().label("versions"))
    .select_from(policies)
    .join(policy_versions, policy_versions.c.policy_id == policies.c.id)
    .where(policies.c.partition == bindparam("in_partition"), policies.c.account == bindparam("of"))
)


def _counting(noun: Noun[Row], *conditions: ColumnElement[bool]) -> Prepared:
    columns = rows_of(noun).table.c
    return Prepared(
        select(func.count().label("things"))
        .select_from(rows_of(noun).table)
        .where(
            columns.partition == bindparam("in_partition"), columns.account == bindparam("of"), *conditions
        )
    )


_COUNTED = {
    "Users": (USER, _counting(USER)),
    "Groups": (GROUP, _counting(GROUP)),
    "Roles": (ROLE, _counting(ROLE)),
    "Policies": (POLICY, _counting(POLICY)),
    "InstanceProfiles": (INSTANCE_PROFILE, _counting(INSTANCE_PROFILE)),
    "ServerCertificates": (SERVER_CERTIFICATE, _counting(SERVER_CERTIFICATE)),
}
_DEVICES = _counting(MFA_DEVICE)
_DEVICES_IN_USE = _counting(MFA_DEVICE, rows_of(MFA_DEVICE).table.c.user_id.is_not(None))
_PROVIDERS = (_counting(OIDC_PROVIDER), _counting(SAML_PROVIDER))


@iam.operation(on=ANY)
def get_account_summary(ctx: Context, request: NoMembers) -> dict[str, Any]:
    """Count what the account has, beside the quotas; its root has no password, keys or devices here."""
    place = {"of": ctx.account, "in_partition": ctx.partition}
    summary = {name: ctx.read.all(count, **place)[0].things for name, (_, count) in _COUNTED.items()}
    summary |= {f"{name}Quota": PER_ACCOUNT[noun][1] for name, (noun, _) in _COUNTED.items()}
    summary |= {
        "PolicyVersionsInUse": ctx.read.all(_VERSIONS, **place)[0].versions,
        "PolicyVersionsInUseQuota": VERSIONS_IN_USE,
        "VersionsPerPolicyQuota": MOST_VERSIONS,
        "PolicySizeQuota": documents.MANAGED_SIZE,
        "AssumeRolePolicySizeQuota": documents.TRUST_SIZE,
        "UserPolicySizeQuota": documents.INLINE_SIZE["user"],
        "GroupPolicySizeQuota": documents.INLINE_SIZE["group"],
        "RolePolicySizeQuota": documents.INLINE_SIZE["role"],
        "AttachedPoliciesPerUserQuota": MOST_ATTACHED,
        "AttachedPoliciesPerGroupQuota": MOST_ATTACHED,
        "AttachedPoliciesPerRoleQuota": MOST_ATTACHED,
        "AccessKeysPerUserQuota": KEYS_PER_USER,
        "GroupsPerUserQuota": GROUPS_PER_USER,
        "GlobalEndpointTokenVersion": global_endpoint_token_version(ctx),
        "SigningCertificatesPerUserQuota": CERTIFICATES_PER_USER,
        "AccountMFAEnabled": 0,
        "AccountPasswordPresent": 0,
        "AccountAccessKeysPresent": 0,
        "AccountSigningCertificatesPresent": 0,
        "MFADevices": ctx.read.all(_DEVICES, **place)[0].things,
        "MFADevicesInUse": ctx.read.all(_DEVICES_IN_USE, **place)[0].things,
        "Providers": sum(ctx.read.all(count, **place)[0].things for count in _PROVIDERS),
    }
    return {"SummaryMap": summary}
