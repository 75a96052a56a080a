"""The tables of batch, as first laid out."""

STATEMENTS: list[str] = [
    """
    CREATE TABLE batch_compute_environments (
    id INTEGER NOT NULL,
    account TEXT NOT NULL,
    partition TEXT NOT NULL,
    region TEXT NOT NULL,
    name TEXT NOT NULL,
    arn TEXT NOT NULL,
    uuid TEXT NOT NULL,
    type TEXT NOT NULL,
    state TEXT NOT NULL,
    status TEXT NOT NULL,
    status_reason TEXT NOT NULL,
    service_role TEXT NOT NULL,
    service_linked BOOLEAN NOT NULL,
    orchestration TEXT NOT NULL,
    unmanaged_vcpus INTEGER,
    compute_resources TEXT,
    update_policy TEXT,
    eks_configuration TEXT,
    context TEXT,
    tags TEXT NOT NULL,
    made TEXT NOT NULL,
    desired_vcpus INTEGER NOT NULL,
    ending BOOLEAN NOT NULL,
    generation INTEGER NOT NULL,
    created_ms BIGINT NOT NULL,
    PRIMARY KEY (id)
    )
    """,
    """
    CREATE UNIQUE INDEX batch_compute_environments_by_name ON batch_compute_environments (account, region, name)
    """,
    """
    CREATE INDEX batch_compute_environments_by_role ON batch_compute_environments (account, service_role, region)
    """,
    """
    CREATE TABLE batch_job_queues (
    id INTEGER NOT NULL,
    account TEXT NOT NULL,
    partition TEXT NOT NULL,
    region TEXT NOT NULL,
    name TEXT NOT NULL,
    arn TEXT NOT NULL,
    state TEXT NOT NULL,
    status TEXT NOT NULL,
    status_reason TEXT NOT NULL,
    priority INTEGER NOT NULL,
    platform TEXT NOT NULL,
    tags TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    PRIMARY KEY (id)
    )
    """,
    """
    CREATE UNIQUE INDEX batch_job_queues_by_name ON batch_job_queues (account, region, name)
    """,
    """
    CREATE TABLE batch_queue_environments (
    queue_id INTEGER NOT NULL,
    position INTEGER NOT NULL,
    account TEXT NOT NULL,
    environment_id INTEGER NOT NULL,
    PRIMARY KEY (queue_id, position)
    )
    WITHOUT ROWID
    """,
    """
    CREATE INDEX batch_queue_environments_by_account ON batch_queue_environments (account)
    """,
    """
    CREATE INDEX batch_queue_environments_by_environment ON batch_queue_environments (environment_id)
    """,
    """
    CREATE TABLE batch_job_definitions (
    id INTEGER NOT NULL,
    account TEXT NOT NULL,
    partition TEXT NOT NULL,
    region TEXT NOT NULL,
    name TEXT NOT NULL,
    revision INTEGER NOT NULL,
    arn TEXT NOT NULL,
    status TEXT NOT NULL,
    type TEXT NOT NULL,
    body TEXT NOT NULL,
    tags TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    PRIMARY KEY (id)
    )
    """,
    """
    CREATE UNIQUE INDEX batch_job_definitions_by_name ON batch_job_definitions (account, region, name, revision)
    """,
    """
    CREATE INDEX batch_job_definitions_by_status ON batch_job_definitions (account, region, status, name, revision)
    """,
    """
    CREATE TABLE batch_task_definitions (
    definition_id INTEGER NOT NULL,
    service_role TEXT NOT NULL,
    launch_type TEXT NOT NULL,
    account TEXT NOT NULL,
    arn TEXT NOT NULL,
    PRIMARY KEY (definition_id, service_role, launch_type)
    )
    WITHOUT ROWID
    """,
    """
    CREATE INDEX batch_task_definitions_by_account ON batch_task_definitions (account)
    """,
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
    spec TEXT NOT NULL,
    tags TEXT NOT NULL,
    attempts TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    task TEXT,
    cancelled BOOLEAN NOT NULL,
    terminated BOOLEAN NOT NULL,
    timed_out BOOLEAN NOT NULL,
    end_reason TEXT,
    PRIMARY KEY (id)
    )
    """,
    """
    CREATE INDEX batch_jobs_by_creation ON batch_jobs (queue_id, created_ms)
    """,
    """
    CREATE INDEX batch_jobs_by_definition ON batch_jobs (queue_id, definition_name, created_ms)
    """,
    """
    CREATE INDEX batch_jobs_by_end ON batch_jobs (account, region, stopped_ms)
    """,
    """
    CREATE UNIQUE INDEX batch_jobs_by_job_id ON batch_jobs (job_id)
    """,
    """
    CREATE INDEX batch_jobs_by_name ON batch_jobs (queue_id, name_key, created_ms)
    """,
    """
    CREATE INDEX batch_jobs_by_queue ON batch_jobs (queue_id, status, created_ms)
    """,
    """
    CREATE TABLE batch_running_jobs (
    job INTEGER NOT NULL,
    account TEXT NOT NULL,
    environment_id INTEGER NOT NULL,
    cluster_arn TEXT NOT NULL,
    task_arn TEXT,
    vcpus FLOAT NOT NULL,
    PRIMARY KEY (job)
    )
    """,
    """
    CREATE INDEX batch_running_jobs_by_environment ON batch_running_jobs (environment_id, task_arn, vcpus)
    """,
    """
    CREATE INDEX batch_running_jobs_by_task ON batch_running_jobs (task_arn)
    """,
    """
    CREATE TABLE batch_job_dependencies (
    on_job INTEGER NOT NULL,
    waiting_job INTEGER NOT NULL,
    account TEXT NOT NULL,
    PRIMARY KEY (on_job, waiting_job)
    )
    WITHOUT ROWID
    """,
    """
    CREATE INDEX batch_job_dependencies_by_account ON batch_job_dependencies (account)
    """,
    """
    CREATE INDEX batch_job_dependencies_by_waiting ON batch_job_dependencies (waiting_job)
    """,
]
