"""The account's alias and summary."""

from __future__ import annotations

import secrets
from typing import Any

from services.iam.answers import EC2_TRUST, allow, refused


def test_an_account_has_one_alias(iam: Any, aws: Any) -> None:
    """IAM API reference: creating another replaces the alias; no two accounts share one."""
    first, second = f"one-{secrets.token_hex(6)}", f"two-{secrets.token_hex(6)}"
    assert iam.list_account_aliases()["AccountAliases"] == []
    iam.create_account_alias(AccountAlias=first)
    text = f"The account alias {first} already exists."
    assert refused(iam.create_account_alias, AccountAlias=first) == ("EntityAlreadyExists", text, 409)
    iam.create_account_alias(AccountAlias=second)
    assert iam.list_account_aliases()["AccountAliases"] == [second]
    assert refused(iam.delete_account_alias, AccountAlias=first)[::2] == ("NoSuchEntity", 404)
    iam.delete_account_alias(AccountAlias=second)
    assert iam.list_account_aliases()["AccountAliases"] == []


def test_the_summary_counts(iam: Any) -> None:
    """localstack's test_iam_account_summary.snapshot.json, recorded: the quotas, and each count one higher."""
    before = iam.get_account_summary()["SummaryMap"]
    iam.create_user(UserName="u")
    iam.create_group(GroupName="g")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=EC2_TRUST)
    iam.create_instance_profile(InstanceProfileName="p")
    iam.create_policy(PolicyName="p", PolicyDocument=allow("s3:*"))
    after = iam.get_account_summary()["SummaryMap"]
    counted = ("Users", "Groups", "Roles", "InstanceProfiles", "Policies", "PolicyVersionsInUse")
    assert {name: after[name] - before[name] for name in counted} == dict.fromkeys(counted, 1)
    quotas = {
        "AccessKeysPerUserQuota": 2,
        "AssumeRolePolicySizeQuota": 2048,
        "AttachedPoliciesPerRoleQuota": 10,
        "GroupPolicySizeQuota": 5120,
        "GroupsPerUserQuota": 10,
        "GroupsQuota": 300,
        "InstanceProfilesQuota": 1000,
        "PoliciesQuota": 1500,
        "PolicySizeQuota": 6144,
        "PolicyVersionsInUseQuota": 10000,
        "RolePolicySizeQuota": 10240,
        "RolesQuota": 1000,
        "UserPolicySizeQuota": 2048,
        "UsersQuota": 5000,
        "VersionsPerPolicyQuota": 5,
    }
    assert after.items() >= quotas.items()


def test_the_version_of_the_global_endpoints_tokens(iam: Any, aws: Any) -> None:
    """Botocore, SetSecurityTokenServicePreferences; tokens are valid in all Regions, as Regional endpoints' are."""
    for version, number in (("v2Token", 2), ("v1Token", 1)):
        iam.set_security_token_service_preferences(GlobalEndpointTokenVersion=version)
        assert iam.get_account_summary()["SummaryMap"]["GlobalEndpointTokenVersion"] == number
    china = aws("iam", region="cn-north-1")
    iam.set_security_token_service_preferences(GlobalEndpointTokenVersion="v2Token")
    assert china.get_account_summary()["SummaryMap"]["GlobalEndpointTokenVersion"] == 1
    answer = refused(iam.set_security_token_service_preferences, GlobalEndpointTokenVersion="v3Token")
    assert answer[::2] == ("ValidationError", 400)
