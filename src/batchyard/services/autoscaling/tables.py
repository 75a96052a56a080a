"""The tables of EC2 Auto Scaling: groups, their instances, and the scaling activities."""

from sqlalchemy import Column, Index, Integer, Table, Text

from batchyard.store.types import Json, UtcTime, metadata

_PLACE = ("account", "partition", "region")

groups = Table(
    "autoscaling_groups",
    metadata,
    Column("account", Text, primary_key=True),
    Column("partition", Text, primary_key=True),
    Column("region", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("uuid", Text, nullable=False),
    Column("role_arn", Text, nullable=False),
    Column("min_size", Integer, nullable=False),
    Column("max_size", Integer, nullable=False),
    Column("desired", Integer, nullable=False),
    Column("launch_template", Json, nullable=False),
    Column("subnet_ids", Json, nullable=False),
    Column("zones", Json, nullable=False),
    Column("subnets", Json),
    Column("default_cooldown_seconds", Integer, nullable=False),
    Column("health_check_type", Text, nullable=False),
    Column("health_check_grace_seconds", Integer, nullable=False),
    Column("termination_policies", Json, nullable=False),
    Column("protects_new_instances", Integer, nullable=False),
    Column("tags", Json, nullable=False),
    Column("suspended", Json, nullable=False),
    Column("status", Text),
    Column("cause", Text, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("retry_at", UtcTime),
    Column("scaled_at", UtcTime),
    Column("created_at", UtcTime, nullable=False),
    sqlite_with_rowid=False,
)
Index(
    "autoscaling_groups_by_role",
    *(groups.c[name] for name in ("account", "partition", "role_arn", "region", "name")),
)

instances = Table(
    "autoscaling_instances",
    metadata,
    Column("account", Text, primary_key=True),
    Column("partition", Text, primary_key=True),
    Column("region", Text, primary_key=True),
    Column("instance_id", Text, primary_key=True),
    Column("group_name", Text, nullable=False),
    Column("lifecycle_state", Text, nullable=False),
    Column("health_status", Text, nullable=False),
    Column("health_reason", Text, nullable=False),
    Column("is_protected", Integer, nullable=False),
    Column("instance_type", Text, nullable=False),
    Column("image_id", Text, nullable=False),
    Column("availability_zone", Text, nullable=False),
    Column("zone_id", Text, nullable=False),
    Column("subnet_id", Text, nullable=False),
    Column("launch_template", Json, nullable=False),
    Column("activity_id", Text, nullable=False),
    Column("launched_at", UtcTime, nullable=False),
    Column("asked_to_end_at", UtcTime),
    sqlite_with_rowid=False,
)
Index(
    "autoscaling_instances_by_group",
    *(instances.c[name] for name in (*_PLACE, "group_name", "instance_id")),
)

activities = Table(
    "autoscaling_activities",
    metadata,
    Column("activity_id", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("partition", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("group_name", Text, nullable=False),
    Column("group_uuid", Text, nullable=False),
    Column("group_is_deleted", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("status_code", Text, nullable=False),
    Column("status_message", Text),
    Column("description", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("details", Json, nullable=False),
    Column("progress", Integer, nullable=False),
    Column("token", Text),
    Column("launch", Json),
    Column("instance_id", Text),
    Column("started_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    sqlite_with_rowid=False,
)
Index(
    "autoscaling_activities_by_group",
    *(activities.c[name] for name in (*_PLACE, "group_name", "started_at", "activity_id")),
)
Index(
    "autoscaling_activities_by_time",
    *(activities.c[name] for name in (*_PLACE, "group_is_deleted", "started_at", "activity_id")),
)
Index(
    "autoscaling_activities_unfinished",
    *(activities.c[name] for name in (*_PLACE, "group_name", "ended_at")),
    sqlite_where=activities.c.ended_at.is_(None),
)
