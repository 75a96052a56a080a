"""The tables of framework, as first laid out."""

STATEMENTS: list[str] = [
    """
    CREATE TABLE epochs (
    account_id TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    PRIMARY KEY (account_id)
    )
    """,
    """
    CREATE TABLE work (
    controller TEXT NOT NULL,
    account TEXT NOT NULL,
    partition TEXT NOT NULL,
    region TEXT NOT NULL,
    name TEXT NOT NULL,
    grouping TEXT NOT NULL,
    not_before BIGINT NOT NULL,
    version INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    PRIMARY KEY (controller, account, partition, region, name)
    )
    WITHOUT ROWID
    """,
    """
    CREATE TABLE events (
    sequence INTEGER NOT NULL,
    event_id TEXT NOT NULL,
    account TEXT NOT NULL,
    partition TEXT NOT NULL,
    region TEXT NOT NULL,
    event_time BIGINT NOT NULL,
    source TEXT NOT NULL,
    name TEXT NOT NULL,
    username TEXT NOT NULL,
    access_key_id TEXT NOT NULL,
    read_only BOOLEAN NOT NULL,
    request_id TEXT NOT NULL,
    source_ip TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    error_code TEXT,
    error_message TEXT,
    identity TEXT NOT NULL,
    request TEXT,
    response TEXT,
    resources TEXT,
    decision TEXT,
    PRIMARY KEY (sequence)
    )
    """,
    """
    CREATE INDEX events_by_id ON events (event_id)
    """,
    """
    CREATE INDEX events_by_name ON events (account, partition, region, name, sequence)
    """,
    """
    CREATE INDEX events_by_source ON events (account, partition, region, source, sequence)
    """,
    """
    CREATE INDEX events_by_time ON events (account, partition, region, sequence)
    """,
    """
    CREATE INDEX events_by_username ON events (account, partition, region, username, sequence)
    """,
    """
    CREATE TABLE event_resources (
    account TEXT NOT NULL,
    partition TEXT NOT NULL,
    region TEXT NOT NULL,
    resource_name TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    PRIMARY KEY (account, partition, region, resource_name, sequence)
    )
    WITHOUT ROWID
    """,
    """
    CREATE TABLE last_accessed (
    account TEXT NOT NULL,
    partition TEXT NOT NULL,
    principal_id TEXT NOT NULL,
    service TEXT NOT NULL,
    region TEXT NOT NULL,
    principal_arn TEXT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (account, partition, principal_id, service, region)
    )
    WITHOUT ROWID
    """,
]
