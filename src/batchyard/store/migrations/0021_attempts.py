"""Attempts are rows, and what a job says may be shared; columns for shares, array jobs and nodes."""

_TASK = "json_extract(e.value, '$.container.{}')"
_ENDED = {
    name: _TASK.format(name)
    for name in ("taskArn", "containerInstanceArn", "exitCode", "reason", "logStreamName")
}
_CLUSTER = f"replace(rtrim(rtrim(coalesce({_ENDED['taskArn']}, ''), '0123456789abcdef'), '/'), ':task/', ':cluster/')"

STATEMENTS: list[str] = [
    """
    CREATE TABLE batch_attempts (
    account TEXT NOT NULL,
    job INTEGER NOT NULL,
    number INTEGER NOT NULL,
    node INTEGER NOT NULL,
    environment_id INTEGER NOT NULL,
    cluster_arn TEXT NOT NULL,
    task_arn TEXT,
    container_instance_arn TEXT,
    vcpus FLOAT NOT NULL,
    status TEXT NOT NULL,
    started_ms BIGINT,
    stopped_ms BIGINT,
    exit_code INTEGER,
    reason TEXT,
    status_reason TEXT,
    log_stream TEXT,
    PRIMARY KEY (account, job, number, node)
    )
    WITHOUT ROWID
    """,
    # Those that ended; in which environment was not kept of them.
    f"""
    INSERT INTO batch_attempts
    SELECT j.account, j.id, e.key + 1, 0, 0, {_CLUSTER}, {_ENDED["taskArn"]}, {_ENDED["containerInstanceArn"]}, j.vcpus,
    CASE WHEN j.status = 'SUCCEEDED' AND e.key + 1 = json_array_length(j.attempts) THEN 'SUCCEEDED' ELSE 'FAILED' END,
    json_extract(e.value, '$.startedAt'), json_extract(e.value, '$.stoppedAt'),
    {_ENDED["exitCode"]}, {_ENDED["reason"]}, json_extract(e.value, '$.statusReason'), {_ENDED["logStreamName"]}
    FROM batch_jobs AS j, json_each(j.attempts) AS e
    """,
    # Those that go on.
    """
    INSERT INTO batch_attempts
    SELECT r.account, r.job, j.attempt, 0, r.environment_id, r.cluster_arn, r.task_arn,
    json_extract(j.task, '$.containerInstanceArn'), r.vcpus, j.status, j.started_ms, NULL, NULL, NULL, NULL,
    json_extract(j.task, '$.logStreamName')
    FROM batch_running_jobs AS r JOIN batch_jobs AS j ON j.id = r.job
    """,
    "DROP TABLE batch_running_jobs",
    """
    CREATE INDEX batch_attempts_by_environment
    ON batch_attempts (environment_id, task_arn, vcpus)
    WHERE stopped_ms IS NULL
    """,
    "CREATE INDEX batch_attempts_by_task ON batch_attempts (task_arn) WHERE stopped_ms IS NULL",
    """
    CREATE TABLE batch_job_specs (
    id INTEGER NOT NULL,
    account TEXT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (id)
    )
    """,
    "CREATE INDEX batch_job_specs_by_account ON batch_job_specs (account)",
    "ALTER TABLE batch_jobs RENAME TO batch_jobs_before",
    """
    CREATE TABLE batch_jobs (
    id INTEGER NOT NULL,
    job_id TEXT NOT NULL,
    account TEXT NOT NULL,
    partition TEXT NOT NULL,
    region TEXT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    queue_id INTEGER NOT NULL,
    queue_arn TEXT NOT NULL,
    definition_id INTEGER NOT NULL,
    definition_name TEXT NOT NULL,
    definition_arn TEXT NOT NULL,
    status TEXT NOT NULL,
    status_reason TEXT,
    created_ms BIGINT NOT NULL,
    started_ms BIGINT,
    stopped_ms BIGINT,
    vcpus FLOAT NOT NULL,
    memory_mib INTEGER NOT NULL,
    gpus INTEGER NOT NULL,
    spec_id INTEGER,
    document TEXT,
    tags TEXT NOT NULL,
    share_identifier TEXT,
    scheduling_priority INTEGER,
    array_parent INTEGER,
    array_index INTEGER,
    node_count INTEGER,
    attempt INTEGER NOT NULL,
    cancelled BOOLEAN NOT NULL,
    terminated BOOLEAN NOT NULL,
    timed_out BOOLEAN NOT NULL,
    end_reason TEXT,
    PRIMARY KEY (id)
    )
    """,
    """
    INSERT INTO batch_jobs (
    id, job_id, account, partition, region, name, name_key, queue_id, queue_arn, definition_id, definition_name,
    definition_arn, status, status_reason, created_ms, started_ms, stopped_ms, vcpus, memory_mib, gpus, tags,
    attempt, cancelled, terminated, timed_out, end_reason
    , document)
    SELECT
    id, job_id, account, partition, region, name, name_key, queue_id, queue_arn, definition_id, definition_name,
    definition_arn, status, status_reason, created_ms, started_ms, stopped_ms, vcpus, memory_mib, gpus, tags,
    attempt, cancelled, terminated, timed_out, end_reason
    , spec FROM batch_jobs_before
    """,
    "DROP TABLE batch_jobs_before",
    "CREATE INDEX batch_jobs_by_creation ON batch_jobs (queue_id, created_ms) WHERE array_parent IS NULL",
    """
    CREATE INDEX batch_jobs_by_definition
    ON batch_jobs (queue_id, definition_name, created_ms)
    WHERE array_parent IS NULL
    """,
    "CREATE INDEX batch_jobs_by_end ON batch_jobs (account, region, stopped_ms)",
    "CREATE UNIQUE INDEX batch_jobs_by_job_id ON batch_jobs (job_id)",
    "CREATE INDEX batch_jobs_by_name ON batch_jobs (queue_id, name_key, created_ms) WHERE array_parent IS NULL",
    """
    CREATE INDEX batch_jobs_by_parent
    ON batch_jobs (array_parent, status, array_index)
    WHERE array_parent IS NOT NULL
    """,
    "CREATE INDEX batch_jobs_by_queue ON batch_jobs (queue_id, status, created_ms) WHERE array_parent IS NULL",
    """
    CREATE INDEX batch_jobs_by_share
    ON batch_jobs (queue_id, status, share_identifier, scheduling_priority DESC, created_ms)
    WHERE share_identifier IS NOT NULL
    """,
    """
    CREATE INDEX batch_jobs_children_by_queue
    ON batch_jobs (queue_id, status, created_ms)
    WHERE array_parent IS NOT NULL
    """,
    "ALTER TABLE batch_job_dependencies RENAME TO batch_job_dependencies_before",
    """
    CREATE TABLE batch_job_dependencies (
    on_job INTEGER NOT NULL,
    waiting_job INTEGER NOT NULL,
    kind TEXT NOT NULL,
    account TEXT NOT NULL,
    PRIMARY KEY (on_job, waiting_job, kind)
    )
    WITHOUT ROWID
    """,
    """
    INSERT INTO batch_job_dependencies
    SELECT on_job, waiting_job, 'PLAIN', account FROM batch_job_dependencies_before
    """,
    "DROP TABLE batch_job_dependencies_before",
    "CREATE INDEX batch_job_dependencies_by_account ON batch_job_dependencies (account)",
    "CREATE INDEX batch_job_dependencies_by_waiting ON batch_job_dependencies (waiting_job)",
]
