"""Array jobs: how many children have which status, and which job is a parent; children are not swept by themselves."""

STATEMENTS: list[str] = [
    "ALTER TABLE batch_jobs ADD COLUMN array_size INTEGER",
    "DROP INDEX batch_jobs_by_end",
    "CREATE INDEX batch_jobs_by_end ON batch_jobs (account, region, array_parent, stopped_ms)",
    """
    CREATE TABLE batch_job_arrays (
    parent INTEGER NOT NULL,
    account TEXT NOT NULL,
    base INTEGER NOT NULL,
    size INTEGER NOT NULL,
    gate TEXT NOT NULL,
    made_to INTEGER NOT NULL,
    judged_to INTEGER NOT NULL,
    submitted INTEGER NOT NULL,
    pending INTEGER NOT NULL,
    runnable INTEGER NOT NULL,
    starting INTEGER NOT NULL,
    running INTEGER NOT NULL,
    succeeded INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    updated_ms BIGINT NOT NULL,
    PRIMARY KEY (parent)
    )
    """,
    "CREATE INDEX batch_job_arrays_by_account ON batch_job_arrays (account)",
]
