"""Multi-node parallel jobs: the main node, which placement an attempt is of, a task definition for each node range."""

STATEMENTS: list[str] = [
    "ALTER TABLE batch_jobs ADD COLUMN main_node INTEGER",
    "ALTER TABLE batch_attempts ADD COLUMN placement TEXT",
    "ALTER TABLE batch_task_definitions RENAME TO batch_task_definitions_before",
    "DROP INDEX batch_task_definitions_by_account",
    """
    CREATE TABLE batch_task_definitions (
    definition_id INTEGER NOT NULL,
    service_role TEXT NOT NULL,
    launch_type TEXT NOT NULL,
    node_range INTEGER NOT NULL,
    account TEXT NOT NULL,
    arn TEXT NOT NULL,
    PRIMARY KEY (definition_id, service_role, launch_type, node_range)
    )
    WITHOUT ROWID
    """,
    """
    INSERT INTO batch_task_definitions
    SELECT definition_id, service_role, launch_type, 0, account, arn FROM batch_task_definitions_before
    """,
    "DROP TABLE batch_task_definitions_before",
    "CREATE INDEX batch_task_definitions_by_account ON batch_task_definitions (account)",
]
