"""What is still to be told of jobs to who listens."""

STATEMENTS: list[str] = [
    """
    CREATE TABLE batch_notices (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    account TEXT NOT NULL,
    job INTEGER NOT NULL,
    kind TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    seen TEXT NOT NULL
    )
    """,
    "CREATE INDEX batch_notices_by_account ON batch_notices (account)",
]
