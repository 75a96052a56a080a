"""The table of EKS clusters."""

from sqlalchemy import Column, Index, Integer, Table, Text

from batchyard.store.types import Json, UtcTime, metadata

clusters = Table(
    "eks_clusters",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("arn", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("version", Text, nullable=False),
    Column("role_arn", Text, nullable=False),
    Column("vpc_config", Json, nullable=False),
    Column("tags", Json, nullable=False),
    Column("request", Json, nullable=False),
    Index("eks_clusters_by_name", "account", "region", "name", unique=True),
)
