"""The tables of autoscaling, as first laid out."""

STATEMENTS: list[str] = [
    """
    CREATE TABLE autoscaling_groups (
    account TEXT NOT NULL,
    partition TEXT NOT NULL,
    region TEXT NOT NULL,
    name TEXT NOT NULL,
    uuid TEXT NOT NULL,
    role_arn TEXT NOT NULL,
    min_size INTEGER NOT NULL,
    max_size INTEGER NOT NULL,
    desired INTEGER NOT NULL,
    launch_template TEXT NOT NULL,
    subnet_ids TEXT NOT NULL,
    zones TEXT NOT NULL,
    subnets TEXT,
    default_cooldown_seconds INTEGER NOT NULL,
    health_check_type TEXT NOT NULL,
    health_check_grace_seconds INTEGER NOT NULL,
    termination_policies TEXT NOT NULL,
    protects_new_instances INTEGER NOT NULL,
    tags TEXT NOT NULL,
    suspended TEXT NOT NULL,
    status TEXT,
    cause TEXT NOT NULL,
    failures INTEGER NOT NULL,
    retry_at BIGINT,
    scaled_at BIGINT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account, partition, region, name)
    )
    WITHOUT ROWID
    """,
    """
    CREATE INDEX autoscaling_groups_by_role ON autoscaling_groups (account, partition, role_arn, region, name)
    """,
    """
    CREATE TABLE autoscaling_instances (
    account TEXT NOT NULL,
    partition TEXT NOT NULL,
    region TEXT NOT NULL,
    instance_id TEXT NOT NULL,
    group_name TEXT NOT NULL,
    lifecycle_state TEXT NOT NULL,
    health_status TEXT NOT NULL,
    health_reason TEXT NOT NULL,
    is_protected INTEGER NOT NULL,
    instance_type TEXT NOT NULL,
    image_id TEXT NOT NULL,
    availability_zone TEXT NOT NULL,
    zone_id TEXT NOT NULL,
    subnet_id TEXT NOT NULL,
    launch_template TEXT NOT NULL,
    activity_id TEXT NOT NULL,
    launched_at BIGINT NOT NULL,
    asked_to_end_at BIGINT,
    PRIMARY KEY (account, partition, region, instance_id)
    )
    WITHOUT ROWID
    """,
    """
    CREATE INDEX autoscaling_instances_by_group ON autoscaling_instances (account, partition, region, group_name, instance_id)
    """,
    """
    CREATE TABLE autoscaling_activities (
    activity_id TEXT NOT NULL,
    account TEXT NOT NULL,
    partition TEXT NOT NULL,
    region TEXT NOT NULL,
    group_name TEXT NOT NULL,
    group_uuid TEXT NOT NULL,
    group_is_deleted INTEGER NOT NULL,
    kind TEXT NOT NULL,
    status_code TEXT NOT NULL,
    status_message TEXT,
    description TEXT NOT NULL,
    cause TEXT NOT NULL,
    details TEXT NOT NULL,
    progress INTEGER NOT NULL,
    token TEXT,
    launch TEXT,
    instance_id TEXT,
    started_at BIGINT NOT NULL,
    ended_at BIGINT,
    PRIMARY KEY (activity_id)
    )
    WITHOUT ROWID
    """,
    """
    CREATE INDEX autoscaling_activities_by_group ON autoscaling_activities (account, partition, region, group_name, started_at, activity_id)
    """,
    """
    CREATE INDEX autoscaling_activities_by_time ON autoscaling_activities (account, partition, region, group_is_deleted, started_at, activity_id)
    """,
    """
    CREATE INDEX autoscaling_activities_unfinished ON autoscaling_activities (account, partition, region, group_name, ended_at) WHERE ended_at IS NULL
    """,
]
