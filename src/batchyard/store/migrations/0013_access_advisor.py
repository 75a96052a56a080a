"""When each action and each access key was last used, and reports that tell it."""

STATEMENTS: list[str] = [
    """
    CREATE TABLE last_accessed_actions (
    account TEXT NOT NULL,
    partition TEXT NOT NULL,
    principal_id TEXT NOT NULL,
    service TEXT NOT NULL,
    action TEXT NOT NULL,
    region TEXT NOT NULL,
    principal_arn TEXT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (account, partition, principal_id, service, action, region)
    )
    WITHOUT ROWID
    """,
    """
    CREATE TABLE access_key_uses (
    access_key_id TEXT NOT NULL,
    account TEXT NOT NULL,
    service TEXT NOT NULL,
    region TEXT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (access_key_id)
    )
    WITHOUT ROWID
    """,
    """
    CREATE INDEX access_key_uses_by_account ON access_key_uses (account)
    """,
    "ALTER TABLE iam_access_reports ADD COLUMN granularity TEXT DEFAULT 'SERVICE_LEVEL' NOT NULL",
    "ALTER TABLE iam_access_reports ADD COLUMN entities TEXT DEFAULT '[]' NOT NULL",
]
