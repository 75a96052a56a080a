"""The tables of ECS: clusters, task definitions, container instances, tasks."""

from sqlalchemy import Column, Index, Integer, Table, Text

from batchyard.store.types import SEALED, Json, UtcTime, metadata

_PLACE = ("account", "partition", "region")

TOKEN_PURPOSE = "task-token"
"""What the seal of a task's token is for."""

clusters = Table(
    "ecs_clusters",
    metadata,
    Column("account", Text, primary_key=True),
    Column("partition", Text, primary_key=True),
    Column("region", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("status", Text, nullable=False),
    Column("settings", Json, nullable=False),
    Column("tags", Json, nullable=False),
    Column("instance_count", Integer, nullable=False),
    Column("running_count", Integer, nullable=False),
    Column("pending_count", Integer, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("deleted_at", UtcTime),
    sqlite_with_rowid=False,
)
Index(
    "ecs_clusters_by_status", clusters.c.account, clusters.c.partition, clusters.c.status, clusters.c.region
)

families = Table(
    "ecs_families",
    metadata,
    Column("account", Text, primary_key=True),
    Column("partition", Text, primary_key=True),
    Column("region", Text, primary_key=True),
    Column("family", Text, primary_key=True),
    Column("last_revision", Integer, nullable=False),
    Column("active_count", Integer, nullable=False),
    sqlite_with_rowid=False,
)

task_definitions = Table(
    "ecs_task_definitions",
    metadata,
    Column("account", Text, primary_key=True),
    Column("partition", Text, primary_key=True),
    Column("region", Text, primary_key=True),
    Column("family", Text, primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("status", Text, nullable=False),
    Column("document", Json, nullable=False),
    Column("tags", Json, nullable=False),
    Column("registered_by", Text, nullable=False),
    Column("registered_at", UtcTime, nullable=False),
    Column("deregistered_at", UtcTime),
    sqlite_with_rowid=False,
)
Index(
    "ecs_task_definitions_by_status",
    *(task_definitions.c[name] for name in (*_PLACE, "status", "family", "revision")),
)

container_instances = Table(
    "ecs_container_instances",
    metadata,
    Column("account", Text, primary_key=True),
    Column("partition", Text, primary_key=True),
    Column("region", Text, primary_key=True),
    Column("cluster", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("ec2_instance_id", Text, nullable=False),
    Column("instance_type", Text, nullable=False),
    Column("availability_zone", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("cpu", Integer, nullable=False),
    Column("memory", Integer, nullable=False),
    Column("cpu_left", Integer, nullable=False),
    Column("memory_left", Integer, nullable=False),
    Column("gpus", Json, nullable=False),
    Column("gpus_left", Json, nullable=False),
    Column("gpu_count_left", Integer, nullable=False),
    Column("running_count", Integer, nullable=False),
    Column("pending_count", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("tags", Json, nullable=False),
    Column("registered_at", UtcTime, nullable=False),
    Column("gone_at", UtcTime),
    sqlite_with_rowid=False,
)
Index(
    "ecs_container_instances_by_instance",
    *(container_instances.c[name] for name in (*_PLACE, "ec2_instance_id")),
    unique=True,
)
Index(
    "ecs_container_instances_by_room",
    *(container_instances.c[name] for name in (*_PLACE, "cluster", "status", "cpu_left")),
)

tasks = Table(
    "ecs_tasks",
    metadata,
    Column("id", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("partition", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("cluster", Text, nullable=False),
    Column("desired_status", Text, nullable=False),
    Column("last_status", Text, nullable=False),
    Column("phase", Text, nullable=False),
    Column("ordinal", UtcTime, nullable=False),
    Column("family", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("task_group", Text, nullable=False),
    Column("launch_type", Text, nullable=False),
    Column("instance", Text),
    Column("started_by", Text),
    Column("cpu", Integer, nullable=False),
    Column("memory", Integer, nullable=False),
    Column("gpu_ids", Json, nullable=False),
    Column("described", Json, nullable=False),
    Column("overrides", Json, nullable=False),
    Column("tags", Json, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("started_at", UtcTime),
    Column("stopping_at", UtcTime),
    Column("ended_at", UtcTime),
    Column("stopped_at", UtcTime),
    Column("stop_code", Text),
    Column("stopped_reason", Text),
    Column("container_reason", Text),
    Column("cursors", Json, nullable=False),
    Column("engine", Text, nullable=False),
    Column("sealed_token", Text, info={SEALED: TOKEN_PURPOSE}),
    Column("gang", Text),
    Column("outcomes", Json, nullable=False),
)
Index("ecs_tasks_by_status", *(tasks.c[name] for name in (*_PLACE, "cluster", "desired_status", "id")))
Index(
    "ecs_tasks_by_family", *(tasks.c[name] for name in (*_PLACE, "cluster", "desired_status", "family", "id"))
)
Index(
    "ecs_tasks_by_starter",
    *(tasks.c[name] for name in (*_PLACE, "cluster", "desired_status", "started_by", "id")),
)
Index(
    "ecs_tasks_by_instance",
    *(tasks.c[name] for name in (*_PLACE, "cluster", "instance", "desired_status", "id")),
)
Index("ecs_tasks_by_phase", tasks.c.phase, tasks.c.engine, tasks.c.account, tasks.c.ordinal)
Index(
    "ecs_tasks_by_gang",
    *(tasks.c[name] for name in (*_PLACE, "cluster", "gang")),
    sqlite_where=tasks.c.gang.is_not(None),
)
Index("ecs_tasks_by_end", *(tasks.c[name] for name in (*_PLACE, "cluster", "stopped_at")))

run_tokens = Table(
    "ecs_run_tokens",
    metadata,
    Column("account", Text, primary_key=True),
    Column("partition", Text, primary_key=True),
    Column("region", Text, primary_key=True),
    Column("cluster", Text, primary_key=True),
    Column("token", Text, primary_key=True),
    Column("request", Text, nullable=False),
    Column("answer", Json, nullable=False),
    Column("until", UtcTime, nullable=False),
    sqlite_with_rowid=False,
)
Index("ecs_run_tokens_by_end", run_tokens.c.until)

IS_DEFINITION_OF_TASK = (
    (task_definitions.c.account == tasks.c.account)
    & (task_definitions.c.partition == tasks.c.partition)
    & (task_definitions.c.region == tasks.c.region)
    & (task_definitions.c.family == tasks.c.family)
    & (task_definitions.c.revision == tasks.c.revision)
)
"""Joins a task with its task definition, by the whole of the definition's key."""
