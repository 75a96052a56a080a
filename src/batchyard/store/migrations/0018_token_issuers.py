"""The accounts' own issuers of web identity tokens."""

STATEMENTS: list[str] = [
    """
    CREATE TABLE iam_token_issuers (
    account TEXT NOT NULL,
    partition TEXT NOT NULL,
    issuer_id TEXT NOT NULL,
    is_enabled BOOLEAN NOT NULL,
    keys TEXT NOT NULL,
    PRIMARY KEY (account, partition)
    )
    WITHOUT ROWID
    """,
    """
    CREATE INDEX iam_token_issuers_by_id ON iam_token_issuers (issuer_id)
    """,
]
