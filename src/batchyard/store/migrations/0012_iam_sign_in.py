"""Passwords, the password policy, and identity providers of iam."""

STATEMENTS: list[str] = [
    """
    CREATE TABLE iam_login_profiles (
    user_id TEXT NOT NULL,
    account TEXT NOT NULL,
    salt TEXT NOT NULL,
    digest TEXT NOT NULL,
    former_digests TEXT NOT NULL,
    reset_required BOOLEAN NOT NULL,
    max_signin_seconds INTEGER,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (user_id)
    )
    WITHOUT ROWID
    """,
    """
    CREATE INDEX iam_login_profiles_by_account ON iam_login_profiles (account)
    """,
    """
    CREATE TABLE iam_password_policies (
    partition TEXT NOT NULL,
    account TEXT NOT NULL,
    settings TEXT NOT NULL,
    PRIMARY KEY (partition, account)
    )
    WITHOUT ROWID
    """,
    """
    CREATE INDEX iam_password_policies_by_account ON iam_password_policies (account)
    """,
    """
    CREATE TABLE iam_oidc_providers (
    partition TEXT NOT NULL,
    account TEXT NOT NULL,
    name_key TEXT NOT NULL,
    name TEXT NOT NULL,
    path TEXT NOT NULL,
    id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    tags TEXT NOT NULL,
    client_ids TEXT NOT NULL,
    thumbprints TEXT NOT NULL,
    PRIMARY KEY (partition, account, name_key)
    )
    WITHOUT ROWID
    """,
    """
    CREATE INDEX iam_oidc_providers_by_account ON iam_oidc_providers (account)
    """,
    """
    CREATE UNIQUE INDEX iam_oidc_providers_by_id ON iam_oidc_providers (id)
    """,
    """
    CREATE TABLE iam_saml_providers (
    partition TEXT NOT NULL,
    account TEXT NOT NULL,
    name_key TEXT NOT NULL,
    name TEXT NOT NULL,
    path TEXT NOT NULL,
    id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    tags TEXT NOT NULL,
    metadata_document TEXT NOT NULL,
    valid_until BIGINT NOT NULL,
    encryption_mode TEXT NOT NULL,
    private_keys TEXT NOT NULL,
    PRIMARY KEY (partition, account, name_key)
    )
    WITHOUT ROWID
    """,
    """
    CREATE INDEX iam_saml_providers_by_account ON iam_saml_providers (account)
    """,
    """
    CREATE UNIQUE INDEX iam_saml_providers_by_id ON iam_saml_providers (id)
    """,
]
