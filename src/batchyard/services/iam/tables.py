"""The tables of IAM: users, groups, roles, policies, instance profiles, and what ties them together."""

from sqlalchemy import Boolean, Column, Index, Integer, Table, Text

from batchyard.store.types import SEALED, Json, UtcTime, metadata


def _named(name: str, *columns: Column[object]) -> Table:
    """A table of things that have a name, unique in account and partition without regard to case and path."""
    return Table(
        f"iam_{name}",
        metadata,
        Column("partition", Text, primary_key=True),
        Column("account", Text, primary_key=True),
        Column("name_key", Text, primary_key=True),
        Column("name", Text, nullable=False),
        Column("path", Text, nullable=False),
        Column("id", Text, nullable=False),
        Column("created_at", UtcTime, nullable=False),
        Column("tags", Json, nullable=False),
        *columns,
        Index(f"iam_{name}_by_id", "id", unique=True),
        Index(f"iam_{name}_by_account", "account"),
        sqlite_with_rowid=False,
    )


users = _named("users", Column("boundary_arn", Text), Column("password_last_used_at", UtcTime))
groups = _named("groups")
roles = _named(
    "roles",
    Column("boundary_arn", Text),
    Column("trust_document", Text, nullable=False),
    Column("description", Text),
    Column("max_session_seconds", Integer, nullable=False),
    Column("service_principal", Text),
)
"""`service_principal` is the linked service of a service-linked role; None for everybody's roles."""

policies = _named(
    "policies",
    Column("description", Text),
    Column("default_version", Integer, nullable=False),
    Column("last_version", Integer, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
)
"""The account's own managed policies; AWS's are not rows (`data/managed_policies`)."""

instance_profiles = _named("instance_profiles", Column("role_id", Text))

profiles_by_role = Index("iam_instance_profiles_by_role", instance_profiles.c.role_id)

policy_versions = Table(
    "iam_policy_versions",
    metadata,
    Column("policy_id", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("account", Text, nullable=False),
    Column("document", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Index("iam_policy_versions_by_account", "account"),
    sqlite_with_rowid=False,
)

inline_policies = Table(
    "iam_inline_policies",
    metadata,
    Column("owner_id", Text, primary_key=True),
    Column("name_key", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("document", Text, nullable=False),
    Index("iam_inline_policies_by_account", "account"),
    sqlite_with_rowid=False,
)

attachments = Table(
    "iam_attachments",
    metadata,
    Column("owner_id", Text, primary_key=True),
    Column("policy_arn", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("owner_kind", Text, nullable=False),
    Column("is_boundary", Boolean, primary_key=True),
    Index("iam_attachments_by_policy", "account", "policy_arn", "is_boundary", "owner_kind", "owner_id"),
    sqlite_with_rowid=False,
)
"""Which managed policy bounds or serves whom; a boundary stands here, too, so that its uses are counted."""

memberships = Table(
    "iam_memberships",
    metadata,
    Column("user_id", Text, primary_key=True),
    Column("group_id", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Index("iam_memberships_by_group", "group_id", "user_id"),
    Index("iam_memberships_by_account", "account"),
    sqlite_with_rowid=False,
)

access_keys = Table(
    "iam_access_keys",
    metadata,
    Column("access_key_id", Text, primary_key=True),
    Column("partition", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("user_id", Text, nullable=False),
    Column("sealed_secret", Text, nullable=False, info={SEALED: "access-key"}),
    Column("status", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Index("iam_access_keys_by_user", "user_id"),
    Index("iam_access_keys_by_account", "account"),
    sqlite_with_rowid=False,
)

revisions = Table(
    "iam_revisions",
    metadata,
    Column("partition", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("revision", Text, nullable=False),
    Index("iam_revisions_by_account", "account"),
    sqlite_with_rowid=False,
)
"""A token per account that each change replaces which can change a decision: what caches are keyed by."""

role_deletions = Table(
    "iam_role_deletions",
    metadata,
    Column("task_id", Text, primary_key=True),
    Column("partition", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("role_id", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("reason", Text),
    Column("usage", Json),
    Column("requested_at", UtcTime, nullable=False),
    Column("changed_at", UtcTime, nullable=False),
    Index("iam_role_deletions_by_role", "role_id", "status"),
    Index("iam_role_deletions_by_account", "account"),
    sqlite_with_rowid=False,
)

access_reports = Table(
    "iam_access_reports",
    metadata,
    Column("job_id", Text, primary_key=True),
    Column("partition", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("maker_id", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("completed_at", UtcTime, nullable=False),
    Column("services", Json, nullable=False),
    Column("granularity", Text, nullable=False, server_default="SERVICE_LEVEL"),
    Column("entities", Json, nullable=False, server_default="[]"),
    Index("iam_access_reports_by_age", "account", "created_at"),
    sqlite_with_rowid=False,
)

account_aliases = Table(
    "iam_account_aliases",
    metadata,
    Column("alias", Text, primary_key=True),
    Column("partition", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Index("iam_account_aliases_by_account", "account", "partition"),
    sqlite_with_rowid=False,
)

login_profiles = Table(
    "iam_login_profiles",
    metadata,
    Column("user_id", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("salt", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("former_digests", Json, nullable=False),
    Column("reset_required", Boolean, nullable=False),
    Column("max_signin_seconds", Integer),
    Column("created_at", UtcTime, nullable=False),
    Column("changed_at", UtcTime, nullable=False),
    Index("iam_login_profiles_by_account", "account"),
    sqlite_with_rowid=False,
)
"""`former_digests` are those of the passwords before, the newest first; see `passwords.py`."""

password_policies = Table(
    "iam_password_policies",
    metadata,
    Column("partition", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("settings", Json, nullable=False),
    Index("iam_password_policies_by_account", "account"),
    sqlite_with_rowid=False,
)

oidc_providers = _named(
    "oidc_providers",
    Column("client_ids", Json, nullable=False),
    Column("thumbprints", Json, nullable=False),
)
"""`name` is the issuer's URL without its scheme: it is what stands in the ARN."""

saml_providers = _named(
    "saml_providers",
    Column("metadata_document", Text, nullable=False),
    Column("valid_until", UtcTime, nullable=False),
    Column("encryption_mode", Text, nullable=False),
    Column("private_keys", Json, nullable=False, info={SEALED: "saml-private-key"}),
)
"""`private_keys` lists key id, when it was added, and the key itself, sealed."""

token_issuers = Table(
    "iam_token_issuers",
    metadata,
    Column("account", Text, primary_key=True),
    Column("partition", Text, primary_key=True),
    Column("issuer_id", Text, nullable=False),
    Column("is_enabled", Boolean, nullable=False),
    Column("keys", Json, nullable=False, info={SEALED: "token-signing-key"}),
    Index("iam_token_issuers_by_id", "issuer_id"),
    sqlite_with_rowid=False,
)
"""`keys` lists each key's public part as a JSON Web Key, and its private part in PEM, sealed."""

server_certificates = _named(
    "server_certificates",
    Column("body", Text, nullable=False),
    Column("chain", Text),
    Column("sealed_key", Text, nullable=False, info={SEALED: "server-certificate-key"}),
    Column("expires_at", UtcTime, nullable=False),
)

mfa_devices = _named(
    "mfa_devices",
    Column("sealed_seed", Text, nullable=False, info={SEALED: "mfa-seed"}),
    Column("user_id", Text),
    Column("enabled_at", UtcTime),
)
"""`user_id` is who has the device; None while nobody does."""

mfa_devices_by_user = Index("iam_mfa_devices_by_user", mfa_devices.c.user_id)

signing_certificates = Table(
    "iam_signing_certificates",
    metadata,
    Column("certificate_id", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("user_id", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Index("iam_signing_certificates_by_user", "user_id"),
    Index("iam_signing_certificates_by_account", "account"),
    sqlite_with_rowid=False,
)

ssh_public_keys = Table(
    "iam_ssh_public_keys",
    metadata,
    Column("key_id", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("user_id", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Index("iam_ssh_public_keys_by_user", "user_id"),
    Index("iam_ssh_public_keys_by_account", "account"),
    sqlite_with_rowid=False,
)

credential_reports = Table(
    "iam_credential_reports",
    metadata,
    Column("partition", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("content", Text, nullable=False),
    Column("generated_at", UtcTime, nullable=False),
    Index("iam_credential_reports_by_account", "account"),
    sqlite_with_rowid=False,
)

service_credentials = Table(
    "iam_service_credentials",
    metadata,
    Column("credential_id", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("user_id", Text, nullable=False),
    Column("service_name", Text, nullable=False),
    Column("service_user_name", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Index("iam_service_credentials_by_user", "user_id"),
    Index("iam_service_credentials_by_account", "account"),
    sqlite_with_rowid=False,
)

token_preferences = Table(
    "iam_token_preferences",
    metadata,
    Column("account", Text, primary_key=True),
    Column("partition", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    sqlite_with_rowid=False,
)
