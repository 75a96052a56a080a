"""Every lookup attribute of CloudTrail reads an index, by time. Older events have no class, and ids without a time."""

STATEMENTS: list[str] = [
    "DROP INDEX events_by_time",
    "DROP INDEX events_by_name",
    "DROP INDEX events_by_username",
    "DROP INDEX events_by_source",
    "DROP INDEX events_by_id",
    "CREATE INDEX events_by_read_only ON events (account, partition, region, read_only, event_time)",
    "ALTER TABLE events ADD COLUMN class_id INTEGER",
    "CREATE INDEX events_by_class ON events (account, partition, region, class_id, event_time)",
    "CREATE INDEX events_by_username ON events (account, partition, region, username, event_time)",
    """
    CREATE INDEX events_by_access_key ON events (access_key_id, region, event_time)
    WHERE access_key_id != ''
    """,
    """
    CREATE TABLE event_classes (
    class_id INTEGER NOT NULL PRIMARY KEY,
    source TEXT NOT NULL,
    name TEXT NOT NULL,
    kinds TEXT NOT NULL
    )
    """,
    "ALTER TABLE event_resources RENAME TO event_resources_before",
    """
    CREATE TABLE event_resources (
    account TEXT NOT NULL,
    partition TEXT NOT NULL,
    region TEXT NOT NULL,
    resource_name TEXT NOT NULL,
    event_time BIGINT NOT NULL,
    sequence INTEGER NOT NULL,
    PRIMARY KEY (account, partition, region, resource_name, event_time, sequence)
    )
    WITHOUT ROWID
    """,
    """
    INSERT INTO event_resources
    SELECT named.account, named.partition, named.region, named.resource_name, events.event_time, named.sequence
    FROM event_resources_before AS named JOIN events ON events.sequence = named.sequence
    """,
    "DROP TABLE event_resources_before",
]
