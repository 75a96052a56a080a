"""Server and signing certificates, SSH keys, MFA devices, and the credential report of iam."""

STATEMENTS: list[str] = [
    """
    CREATE TABLE iam_server_certificates (
    partition TEXT NOT NULL,
    account TEXT NOT NULL,
    name_key TEXT NOT NULL,
    name TEXT NOT NULL,
    path TEXT NOT NULL,
    id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    tags TEXT NOT NULL,
    body TEXT NOT NULL,
    chain TEXT,
    sealed_key TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (partition, account, name_key)
    )
    WITHOUT ROWID
    """,
    """
    CREATE INDEX iam_server_certificates_by_account ON iam_server_certificates (account)
    """,
    """
    CREATE UNIQUE INDEX iam_server_certificates_by_id ON iam_server_certificates (id)
    """,
    """
    CREATE TABLE iam_mfa_devices (
    partition TEXT NOT NULL,
    account TEXT NOT NULL,
    name_key TEXT NOT NULL,
    name TEXT NOT NULL,
    path TEXT NOT NULL,
    id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    tags TEXT NOT NULL,
    sealed_seed TEXT NOT NULL,
    user_id TEXT,
    enabled_at BIGINT,
    PRIMARY KEY (partition, account, name_key)
    )
    WITHOUT ROWID
    """,
    """
    CREATE INDEX iam_mfa_devices_by_account ON iam_mfa_devices (account)
    """,
    """
    CREATE UNIQUE INDEX iam_mfa_devices_by_id ON iam_mfa_devices (id)
    """,
    """
    CREATE INDEX iam_mfa_devices_by_user ON iam_mfa_devices (user_id)
    """,
    """
    CREATE TABLE iam_signing_certificates (
    certificate_id TEXT NOT NULL,
    account TEXT NOT NULL,
    user_id TEXT NOT NULL,
    body TEXT NOT NULL,
    status TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (certificate_id)
    )
    WITHOUT ROWID
    """,
    """
    CREATE INDEX iam_signing_certificates_by_account ON iam_signing_certificates (account)
    """,
    """
    CREATE INDEX iam_signing_certificates_by_user ON iam_signing_certificates (user_id)
    """,
    """
    CREATE TABLE iam_ssh_public_keys (
    key_id TEXT NOT NULL,
    account TEXT NOT NULL,
    user_id TEXT NOT NULL,
    body TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    status TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (key_id)
    )
    WITHOUT ROWID
    """,
    """
    CREATE INDEX iam_ssh_public_keys_by_account ON iam_ssh_public_keys (account)
    """,
    """
    CREATE INDEX iam_ssh_public_keys_by_user ON iam_ssh_public_keys (user_id)
    """,
    """
    CREATE TABLE iam_credential_reports (
    partition TEXT NOT NULL,
    account TEXT NOT NULL,
    content TEXT NOT NULL,
    generated_at BIGINT NOT NULL,
    PRIMARY KEY (partition, account)
    )
    WITHOUT ROWID
    """,
    """
    CREATE INDEX iam_credential_reports_by_account ON iam_credential_reports (account)
    """,
]
