"""Each task keeps the name of its engine, and waits for it in its account's line."""

STATEMENTS: list[str] = [
    "ALTER TABLE ecs_tasks ADD COLUMN engine TEXT DEFAULT 'process' NOT NULL",
    "DROP INDEX ecs_tasks_by_phase",
    "CREATE INDEX ecs_tasks_by_phase ON ecs_tasks (phase, engine, account, ordinal)",
]
