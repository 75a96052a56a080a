"""Consumable resources, the jobs that need them, and the updates that were told apart by a token."""

STATEMENTS: list[str] = [
    "ALTER TABLE batch_jobs ADD COLUMN resources TEXT",
    """
    CREATE TABLE batch_consumable_resources (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    account TEXT NOT NULL,
    partition TEXT NOT NULL,
    region TEXT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    arn TEXT NOT NULL,
    type TEXT NOT NULL,
    total BIGINT NOT NULL,
    in_use BIGINT NOT NULL,
    tags TEXT NOT NULL,
    created_ms BIGINT NOT NULL
    )
    """,
    "CREATE INDEX batch_consumable_resources_by_key ON batch_consumable_resources (account, region, name_key, name)",
    "CREATE UNIQUE INDEX batch_consumable_resources_by_name ON batch_consumable_resources (account, region, name)",
    """
    CREATE TABLE batch_consumable_updates (
    resource_id INTEGER NOT NULL,
    token TEXT NOT NULL,
    account TEXT NOT NULL,
    change TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (resource_id, token)
    )
    WITHOUT ROWID
    """,
    "CREATE INDEX batch_consumable_updates_by_account ON batch_consumable_updates (account)",
    """
    CREATE TABLE batch_consumers (
    resource_id INTEGER NOT NULL,
    status TEXT NOT NULL,
    job INTEGER NOT NULL,
    account TEXT NOT NULL,
    name_key TEXT NOT NULL,
    PRIMARY KEY (resource_id, status, job)
    )
    WITHOUT ROWID
    """,
    "CREATE INDEX batch_consumers_by_account ON batch_consumers (account)",
    "CREATE INDEX batch_consumers_by_job ON batch_consumers (job)",
    "CREATE INDEX batch_consumers_by_name ON batch_consumers (resource_id, name_key, job)",
    "CREATE INDEX batch_consumers_in_order ON batch_consumers (resource_id, job)",
]
