"""Shares of queues and what they use; the fronts of queues, with limits of how long a job may be at a front."""

STATEMENTS: list[str] = [
    "ALTER TABLE batch_job_queues ADD COLUMN scheduling_policy_id INTEGER",
    "ALTER TABLE batch_job_queues ADD COLUMN time_limits TEXT",
    "CREATE INDEX batch_job_queues_by_policy ON batch_job_queues (scheduling_policy_id)",
    """
    CREATE TABLE batch_share_usage (
    queue_id INTEGER NOT NULL,
    share TEXT NOT NULL,
    account TEXT NOT NULL,
    usage FLOAT NOT NULL,
    at_ms BIGINT NOT NULL,
    running_vcpus FLOAT NOT NULL,
    waiting INTEGER NOT NULL,
    unfinished INTEGER NOT NULL,
    PRIMARY KEY (queue_id, share)
    )
    WITHOUT ROWID
    """,
    "CREATE INDEX batch_share_usage_by_account ON batch_share_usage (account)",
    """
    CREATE TABLE batch_queue_fronts (
    queue_id INTEGER NOT NULL,
    account TEXT NOT NULL,
    jobs TEXT NOT NULL,
    reason TEXT,
    reason_ms BIGINT,
    updated_ms BIGINT NOT NULL,
    PRIMARY KEY (queue_id)
    )
    """,
    "CREATE INDEX batch_queue_fronts_by_account ON batch_queue_fronts (account)",
    """
    CREATE INDEX batch_jobs_of_share ON batch_jobs (queue_id, share_identifier, created_ms)
    WHERE share_identifier IS NOT NULL AND array_parent IS NULL
    """,
    """
    CREATE INDEX batch_jobs_of_share_by_status ON batch_jobs (queue_id, share_identifier, status, created_ms)
    WHERE share_identifier IS NOT NULL AND array_parent IS NULL
    """,
]
