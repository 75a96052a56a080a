"""The tables of ecs, as first laid out."""

STATEMENTS: list[str] = [
    """
    CREATE TABLE ecs_clusters (
    account TEXT NOT NULL,
    partition TEXT NOT NULL,
    region TEXT NOT NULL,
    name TEXT NOT NULL,
    status TEXT NOT NULL,
    settings TEXT NOT NULL,
    tags TEXT NOT NULL,
    instance_count INTEGER NOT NULL,
    running_count INTEGER NOT NULL,
    pending_count INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    deleted_at BIGINT,
    PRIMARY KEY (account, partition, region, name)
    )
    WITHOUT ROWID
    """,
    """
    CREATE INDEX ecs_clusters_by_status ON ecs_clusters (account, partition, status, region)
    """,
    """
    CREATE TABLE ecs_families (
    account TEXT NOT NULL,
    partition TEXT NOT NULL,
    region TEXT NOT NULL,
    family TEXT NOT NULL,
    last_revision INTEGER NOT NULL,
    active_count INTEGER NOT NULL,
    PRIMARY KEY (account, partition, region, family)
    )
    WITHOUT ROWID
    """,
    """
    CREATE TABLE ecs_task_definitions (
    account TEXT NOT NULL,
    partition TEXT NOT NULL,
    region TEXT NOT NULL,
    family TEXT NOT NULL,
    revision INTEGER NOT NULL,
    status TEXT NOT NULL,
    document TEXT NOT NULL,
    tags TEXT NOT NULL,
    registered_by TEXT NOT NULL,
    registered_at BIGINT NOT NULL,
    deregistered_at BIGINT,
    PRIMARY KEY (account, partition, region, family, revision)
    )
    WITHOUT ROWID
    """,
    """
    CREATE INDEX ecs_task_definitions_by_status ON ecs_task_definitions (account, partition, region, status, family, revision)
    """,
    """
    CREATE TABLE ecs_container_instances (
    account TEXT NOT NULL,
    partition TEXT NOT NULL,
    region TEXT NOT NULL,
    cluster TEXT NOT NULL,
    id TEXT NOT NULL,
    ec2_instance_id TEXT NOT NULL,
    instance_type TEXT NOT NULL,
    availability_zone TEXT NOT NULL,
    status TEXT NOT NULL,
    cpu INTEGER NOT NULL,
    memory INTEGER NOT NULL,
    cpu_left INTEGER NOT NULL,
    memory_left INTEGER NOT NULL,
    gpus TEXT NOT NULL,
    gpus_left TEXT NOT NULL,
    gpu_count_left INTEGER NOT NULL,
    running_count INTEGER NOT NULL,
    pending_count INTEGER NOT NULL,
    version INTEGER NOT NULL,
    tags TEXT NOT NULL,
    registered_at BIGINT NOT NULL,
    gone_at BIGINT,
    PRIMARY KEY (account, partition, region, cluster, id)
    )
    WITHOUT ROWID
    """,
    """
    CREATE UNIQUE INDEX ecs_container_instances_by_instance ON ecs_container_instances (account, partition, region, ec2_instance_id)
    """,
    """
    CREATE INDEX ecs_container_instances_by_room ON ecs_container_instances (account, partition, region, cluster, status, cpu_left)
    """,
    """
    CREATE TABLE ecs_tasks (
    id TEXT NOT NULL,
    account TEXT NOT NULL,
    partition TEXT NOT NULL,
    region TEXT NOT NULL,
    cluster TEXT NOT NULL,
    desired_status TEXT NOT NULL,
    last_status TEXT NOT NULL,
    phase TEXT NOT NULL,
    ordinal BIGINT NOT NULL,
    family TEXT NOT NULL,
    revision INTEGER NOT NULL,
    task_group TEXT NOT NULL,
    launch_type TEXT NOT NULL,
    instance TEXT,
    started_by TEXT,
    cpu INTEGER NOT NULL,
    memory INTEGER NOT NULL,
    gpu_ids TEXT NOT NULL,
    described TEXT NOT NULL,
    overrides TEXT NOT NULL,
    tags TEXT NOT NULL,
    caller TEXT NOT NULL,
    by_service INTEGER NOT NULL,
    version INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    started_at BIGINT,
    stopping_at BIGINT,
    ended_at BIGINT,
    stopped_at BIGINT,
    stop_code TEXT,
    stopped_reason TEXT,
    exit_code INTEGER,
    container_reason TEXT,
    logged INTEGER NOT NULL,
    PRIMARY KEY (id)
    )
    """,
    """
    CREATE INDEX ecs_tasks_by_end ON ecs_tasks (account, partition, region, cluster, stopped_at)
    """,
    """
    CREATE INDEX ecs_tasks_by_family ON ecs_tasks (account, partition, region, cluster, desired_status, family, id)
    """,
    """
    CREATE INDEX ecs_tasks_by_instance ON ecs_tasks (account, partition, region, cluster, instance, desired_status, id)
    """,
    """
    CREATE INDEX ecs_tasks_by_phase ON ecs_tasks (phase, ordinal)
    """,
    """
    CREATE INDEX ecs_tasks_by_starter ON ecs_tasks (account, partition, region, cluster, desired_status, started_by, id)
    """,
    """
    CREATE INDEX ecs_tasks_by_status ON ecs_tasks (account, partition, region, cluster, desired_status, id)
    """,
    """
    CREATE TABLE ecs_run_tokens (
    account TEXT NOT NULL,
    partition TEXT NOT NULL,
    region TEXT NOT NULL,
    cluster TEXT NOT NULL,
    token TEXT NOT NULL,
    request TEXT NOT NULL,
    answer TEXT NOT NULL,
    until BIGINT NOT NULL,
    PRIMARY KEY (account, partition, region, cluster, token)
    )
    WITHOUT ROWID
    """,
    """
    CREATE INDEX ecs_run_tokens_by_end ON ecs_run_tokens (until)
    """,
]
