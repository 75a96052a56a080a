"""The tables of iam, as first laid out."""

STATEMENTS: list[str] = [
    """
    CREATE TABLE iam_users (
    partition TEXT NOT NULL,
    account TEXT NOT NULL,
    name_key TEXT NOT NULL,
    name TEXT NOT NULL,
    path TEXT NOT NULL,
    id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    tags TEXT NOT NULL,
    boundary_arn TEXT,
    PRIMARY KEY (partition, account, name_key)
    )
    WITHOUT ROWID
    """,
    """
    CREATE UNIQUE INDEX iam_users_by_id ON iam_users (id)
    """,
    """
    CREATE TABLE iam_groups (
    partition TEXT NOT NULL,
    account TEXT NOT NULL,
    name_key TEXT NOT NULL,
    name TEXT NOT NULL,
    path TEXT NOT NULL,
    id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    tags TEXT NOT NULL,
    PRIMARY KEY (partition, account, name_key)
    )
    WITHOUT ROWID
    """,
    """
    CREATE UNIQUE INDEX iam_groups_by_id ON iam_groups (id)
    """,
    """
    CREATE TABLE iam_roles (
    partition TEXT NOT NULL,
    account TEXT NOT NULL,
    name_key TEXT NOT NULL,
    name TEXT NOT NULL,
    path TEXT NOT NULL,
    id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    tags TEXT NOT NULL,
    boundary_arn TEXT,
    trust_document TEXT NOT NULL,
    description TEXT,
    max_session_seconds INTEGER NOT NULL,
    service_principal TEXT,
    PRIMARY KEY (partition, account, name_key)
    )
    WITHOUT ROWID
    """,
    """
    CREATE UNIQUE INDEX iam_roles_by_id ON iam_roles (id)
    """,
    """
    CREATE TABLE iam_policies (
    partition TEXT NOT NULL,
    account TEXT NOT NULL,
    name_key TEXT NOT NULL,
    name TEXT NOT NULL,
    path TEXT NOT NULL,
    id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    tags TEXT NOT NULL,
    description TEXT,
    default_version INTEGER NOT NULL,
    last_version INTEGER NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (partition, account, name_key)
    )
    WITHOUT ROWID
    """,
    """
    CREATE UNIQUE INDEX iam_policies_by_id ON iam_policies (id)
    """,
    """
    CREATE TABLE iam_instance_profiles (
    partition TEXT NOT NULL,
    account TEXT NOT NULL,
    name_key TEXT NOT NULL,
    name TEXT NOT NULL,
    path TEXT NOT NULL,
    id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    tags TEXT NOT NULL,
    role_id TEXT,
    PRIMARY KEY (partition, account, name_key)
    )
    WITHOUT ROWID
    """,
    """
    CREATE UNIQUE INDEX iam_instance_profiles_by_id ON iam_instance_profiles (id)
    """,
    """
    CREATE INDEX iam_instance_profiles_by_role ON iam_instance_profiles (role_id)
    """,
    """
    CREATE TABLE iam_policy_versions (
    policy_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    account TEXT NOT NULL,
    document TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (policy_id, version)
    )
    WITHOUT ROWID
    """,
    """
    CREATE TABLE iam_inline_policies (
    owner_id TEXT NOT NULL,
    name_key TEXT NOT NULL,
    account TEXT NOT NULL,
    name TEXT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (owner_id, name_key)
    )
    WITHOUT ROWID
    """,
    """
    CREATE TABLE iam_attachments (
    owner_id TEXT NOT NULL,
    policy_arn TEXT NOT NULL,
    account TEXT NOT NULL,
    owner_kind TEXT NOT NULL,
    is_boundary BOOLEAN NOT NULL,
    PRIMARY KEY (owner_id, policy_arn, is_boundary)
    )
    WITHOUT ROWID
    """,
    """
    CREATE INDEX iam_attachments_by_policy ON iam_attachments (account, policy_arn, is_boundary, owner_kind, owner_id)
    """,
    """
    CREATE TABLE iam_memberships (
    user_id TEXT NOT NULL,
    group_id TEXT NOT NULL,
    account TEXT NOT NULL,
    PRIMARY KEY (user_id, group_id)
    )
    WITHOUT ROWID
    """,
    """
    CREATE INDEX iam_memberships_by_group ON iam_memberships (group_id, user_id)
    """,
    """
    CREATE TABLE iam_access_keys (
    access_key_id TEXT NOT NULL,
    partition TEXT NOT NULL,
    account TEXT NOT NULL,
    user_id TEXT NOT NULL,
    sealed_secret TEXT NOT NULL,
    status TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (access_key_id)
    )
    WITHOUT ROWID
    """,
    """
    CREATE INDEX iam_access_keys_by_user ON iam_access_keys (user_id)
    """,
    """
    CREATE TABLE iam_revisions (
    partition TEXT NOT NULL,
    account TEXT NOT NULL,
    revision TEXT NOT NULL,
    PRIMARY KEY (partition, account)
    )
    WITHOUT ROWID
    """,
    """
    CREATE TABLE iam_role_deletions (
    task_id TEXT NOT NULL,
    partition TEXT NOT NULL,
    account TEXT NOT NULL,
    role_id TEXT NOT NULL,
    status TEXT NOT NULL,
    reason TEXT,
    usage TEXT,
    requested_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (task_id)
    )
    WITHOUT ROWID
    """,
    """
    CREATE INDEX iam_role_deletions_by_role ON iam_role_deletions (role_id, status)
    """,
    """
    CREATE TABLE iam_access_reports (
    job_id TEXT NOT NULL,
    partition TEXT NOT NULL,
    account TEXT NOT NULL,
    maker_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    completed_at BIGINT NOT NULL,
    services TEXT NOT NULL,
    PRIMARY KEY (job_id)
    )
    WITHOUT ROWID
    """,
    """
    CREATE INDEX iam_access_reports_by_age ON iam_access_reports (account, created_at)
    """,
    """
    CREATE TABLE iam_account_aliases (
    alias TEXT NOT NULL,
    partition TEXT NOT NULL,
    account TEXT NOT NULL,
    PRIMARY KEY (alias, partition)
    )
    WITHOUT ROWID
    """,
    """
    CREATE INDEX iam_account_aliases_by_account ON iam_account_aliases (account, partition)
    """,
]
