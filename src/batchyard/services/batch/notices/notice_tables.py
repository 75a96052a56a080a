"""The table of what is still to be told."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text

from batchyard.store.types import Json, metadata

notices = Table(
    "batch_notices",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account", Text, nullable=False),
    Column("job", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("seen", Json, nullable=False),
    Index("batch_notices_by_account", "account"),
    sqlite_autoincrement=True,
)
"""What is still to be told of jobs, in the order in which it came to be: `kind` is STATE or BLOCKED, `seen` what the
job was then, of what changes. Nothing is written where nobody is told anything (the setting `notify`)."""
