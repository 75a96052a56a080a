"""The tables of CloudWatch Logs: groups, streams, events."""

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text

from batchyard.store.types import Json, metadata

log_groups = Table(
    "logs_groups",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("retention_days", Integer),
    Column("stored_bytes", BigInteger, nullable=False),
    Column("tags", Json, nullable=False),
    Index("logs_groups_by_name", "account", "region", "name", unique=True),
)

log_streams = Table(
    "logs_streams",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account", Text, nullable=False),
    Column("group_id", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("first_event_ms", BigInteger),
    Column("last_event_ms", BigInteger),
    Column("last_ingestion_ms", BigInteger),
    Column("stored_bytes", BigInteger, nullable=False),
    Index("logs_streams_by_name", "group_id", "name", unique=True),
    Index("logs_streams_by_last_event", "group_id", "last_event_ms", "name"),
    Index("logs_streams_by_account", "account"),
)

log_events = Table(
    "logs_events",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account", Text, nullable=False),
    Column("group_id", Integer, nullable=False),
    Column("stream_id", Integer, nullable=False),
    Column("timestamp_ms", BigInteger, nullable=False),
    Column("ingestion_ms", BigInteger, nullable=False),
    Column("message", Text, nullable=False),
    Index("logs_events_by_stream", "stream_id", "timestamp_ms", "id"),
    Index("logs_events_by_group", "group_id", "timestamp_ms", "id"),
    Index("logs_events_by_account", "account"),
)
