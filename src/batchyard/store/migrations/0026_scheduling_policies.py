"""Scheduling policies."""

STATEMENTS: list[str] = [
    """
    CREATE TABLE batch_scheduling_policies (
    id INTEGER NOT NULL,
    account TEXT NOT NULL,
    partition TEXT NOT NULL,
    region TEXT NOT NULL,
    name TEXT NOT NULL,
    arn TEXT NOT NULL,
    fairshare TEXT NOT NULL,
    share_decay_seconds INTEGER NOT NULL,
    tags TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    PRIMARY KEY (id)
    )
    """,
    """
    CREATE UNIQUE INDEX batch_scheduling_policies_by_name
    ON batch_scheduling_policies (account, region, name)
    """,
]
