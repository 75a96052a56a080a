"""The tables of logs, as first laid out."""

STATEMENTS: list[str] = [
    """
    CREATE TABLE logs_groups (
    id INTEGER NOT NULL,
    account TEXT NOT NULL,
    region TEXT NOT NULL,
    name TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    retention_days INTEGER,
    stored_bytes BIGINT NOT NULL,
    tags TEXT NOT NULL,
    PRIMARY KEY (id)
    )
    """,
    """
    CREATE UNIQUE INDEX logs_groups_by_name ON logs_groups (account, region, name)
    """,
    """
    CREATE TABLE logs_streams (
    id INTEGER NOT NULL,
    account TEXT NOT NULL,
    group_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    first_event_ms BIGINT,
    last_event_ms BIGINT,
    last_ingestion_ms BIGINT,
    stored_bytes BIGINT NOT NULL,
    PRIMARY KEY (id)
    )
    """,
    """
    CREATE INDEX logs_streams_by_account ON logs_streams (account)
    """,
    """
    CREATE INDEX logs_streams_by_last_event ON logs_streams (group_id, last_event_ms, name)
    """,
    """
    CREATE UNIQUE INDEX logs_streams_by_name ON logs_streams (group_id, name)
    """,
    """
    CREATE TABLE logs_events (
    id INTEGER NOT NULL,
    account TEXT NOT NULL,
    group_id INTEGER NOT NULL,
    stream_id INTEGER NOT NULL,
    timestamp_ms BIGINT NOT NULL,
    ingestion_ms BIGINT NOT NULL,
    message TEXT NOT NULL,
    PRIMARY KEY (id)
    )
    """,
    """
    CREATE INDEX logs_events_by_account ON logs_events (account)
    """,
    """
    CREATE INDEX logs_events_by_group ON logs_events (group_id, timestamp_ms, id)
    """,
    """
    CREATE INDEX logs_events_by_stream ON logs_events (stream_id, timestamp_ms, id)
    """,
]
