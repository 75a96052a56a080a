"""The audit's tables: one row an event, one row a resource of it, one row a (principal, service, Region)."""

from sqlalchemy import Boolean, Column, Index, Integer, Table, Text

from batchyard.store.types import Json, UtcTime, metadata

events = Table(
    "events",
    metadata,
    Column("sequence", Integer, primary_key=True),
    Column("event_id", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("partition", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("event_time", UtcTime, nullable=False),
    Column("source", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("username", Text, nullable=False),
    Column("access_key_id", Text, nullable=False),
    Column("read_only", Boolean, nullable=False),
    Column("request_id", Text, nullable=False),
    Column("source_ip", Text, nullable=False),
    Column("user_agent", Text, nullable=False),
    Column("error_code", Text),
    Column("error_message", Text),
    Column("identity", Json, nullable=False),
    Column("request", Json),
    Column("response", Json),
    Column("resources", Json),
    Column("decision", Json),
    Index("events_by_time", "account", "partition", "region", "sequence"),
    Index("events_by_name", "account", "partition", "region", "name", "sequence"),
    Index("events_by_username", "account", "partition", "region", "username", "sequence"),
    Index("events_by_source", "account", "partition", "region", "source", "sequence"),
    Index("events_by_id", "event_id"),
)

event_resources = Table(
    "event_resources",
    metadata,
    Column("account", Text, primary_key=True),
    Column("partition", Text, primary_key=True),
    Column("region", Text, primary_key=True),
    Column("resource_name", Text, primary_key=True),
    Column("sequence", Integer, primary_key=True),
    sqlite_with_rowid=False,
)

last_accessed = Table(
    "last_accessed",
    metadata,
    Column("account", Text, primary_key=True),
    Column("partition", Text, primary_key=True),
    Column("principal_id", Text, primary_key=True),
    Column("service", Text, primary_key=True),
    Column("region", Text, primary_key=True),
    Column("principal_arn", Text, nullable=False),
    Column("last_at", UtcTime, nullable=False),
    sqlite_with_rowid=False,
)
"""`principal_id` is the user's or role's unique id (AIDA…, AROA… without session name); the account id for root."""
