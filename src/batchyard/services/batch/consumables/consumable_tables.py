"""The tables of consumable resources."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text

from batchyard.store.types import Json, metadata

consumable_resources = Table(
    "batch_consumable_resources",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account", Text, nullable=False),
    Column("partition", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("name_key", Text, nullable=False),
    Column("arn", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("in_use", BigInteger, nullable=False),
    Column("tags", Json, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Index("batch_consumable_resources_by_name", "account", "region", "name", unique=True),
    Index("batch_consumable_resources_by_key", "account", "region", "name_key", "name"),
    sqlite_autoincrement=True,
)
"""No `id` is given twice: ended jobs keep those of resources that are gone. `in_use` is the sum of what jobs hold: it
changes in the transaction that brings a job to its first attempt, or to its end. `total` of one that is not
replenishable falls with what ended jobs have used up."""

consumable_updates = Table(
    "batch_consumable_updates",
    metadata,
    Column("resource_id", Integer, primary_key=True),
    Column("token", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("change", Json, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Index("batch_consumable_updates_by_account", "account"),
    sqlite_with_rowid=False,
)
"""The updates that had a clientToken, for as long as it is remembered: so that none is done twice."""

consumers = Table(
    "batch_consumers",
    metadata,
    Column("resource_id", Integer, primary_key=True),
    Column("status", Text, primary_key=True),
    Column("job", Integer, primary_key=True),
    Column("account", Text, nullable=False),
    Column("name_key", Text, nullable=False),
    Index("batch_consumers_in_order", "resource_id", "job"),
    Index("batch_consumers_by_name", "resource_id", "name_key", "job"),
    Index("batch_consumers_by_job", "job"),
    Index("batch_consumers_by_account", "account"),
    sqlite_with_rowid=False,
)
"""The jobs that need a resource, ended jobs too, by the job's `id`; of an array its parent, for all of its children."""
