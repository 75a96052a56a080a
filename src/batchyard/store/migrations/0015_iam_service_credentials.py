"""Service-specific credentials of iam."""

STATEMENTS: list[str] = [
    """
    CREATE TABLE iam_service_credentials (
    credential_id TEXT NOT NULL,
    account TEXT NOT NULL,
    user_id TEXT NOT NULL,
    service_name TEXT NOT NULL,
    service_user_name TEXT NOT NULL,
    digest TEXT NOT NULL,
    status TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (credential_id)
    )
    WITHOUT ROWID
    """,
    """
    CREATE INDEX iam_service_credentials_by_account ON iam_service_credentials (account)
    """,
    """
    CREATE INDEX iam_service_credentials_by_user ON iam_service_credentials (user_id)
    """,
]
