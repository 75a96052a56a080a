"""Which version of session tokens an account takes from STS's global endpoint."""

STATEMENTS: list[str] = [
    """
    CREATE TABLE iam_token_preferences (
    account TEXT NOT NULL,
    partition TEXT NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (account, partition)
    )
    WITHOUT ROWID
    """,
]
