"""The audit's tables: a row an event, one each name and type of its resources, one a (principal, service, Region)."""

from sqlalchemy import Boolean, Column, Index, Integer, Table, Text, text

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
    Column("class_id", Integer),
    Index("events_by_read_only", "account", "partition", "region", "read_only", "event_time"),
    Index("events_by_class", "account", "partition", "region", "class_id", "event_time"),
    Index("events_by_username", "account", "partition", "region", "username", "event_time"),
    Index(
        "events_by_access_key",
        "access_key_id",
        "region",
        "event_time",
        sqlite_where=text("access_key_id != ''"),
    ),
)
"""An event is found by its id through its time, which the id holds: an index of random ids would cost the most.

`class_id` is None in events that were written before there were classes: they are found by the other attributes.
"""

event_classes = Table(
    "event_classes",
    metadata,
    Column("class_id", Integer, primary_key=True),
    Column("source", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("kinds", Json, nullable=False),
)
"""What events have in common, some hundred rows: one index of events by class serves their names, sources and types."""

event_resources = Table(
    "event_resources",
    metadata,
    Column("account", Text, primary_key=True),
    Column("partition", Text, primary_key=True),
    Column("region", Text, primary_key=True),
    Column("resource_name", Text, primary_key=True),
    Column("event_time", UtcTime, primary_key=True),
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

last_accessed_actions = Table(
    "last_accessed_actions",
    metadata,
    Column("account", Text, primary_key=True),
    Column("partition", Text, primary_key=True),
    Column("principal_id", Text, primary_key=True),
    Column("service", Text, primary_key=True),
    Column("action", Text, primary_key=True),
    Column("region", Text, primary_key=True),
    Column("principal_arn", Text, nullable=False),
    Column("last_at", UtcTime, nullable=False),
    sqlite_with_rowid=False,
)
"""The same for each action: `service` and `action` are those of the permission (`iam`, `ListUsers`)."""

access_key_uses = Table(
    "access_key_uses",
    metadata,
    Column("access_key_id", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("last_at", UtcTime, nullable=False),
    Index("access_key_uses_by_account", "account"),
    sqlite_with_rowid=False,
)
"""The newest call that each long-term access key signed; events are forgotten sooner than IAM tells of a key."""
