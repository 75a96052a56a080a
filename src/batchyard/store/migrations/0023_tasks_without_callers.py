"""Tasks no longer keep who called RunTask: their output is put as a role of their own."""

STATEMENTS: list[str] = [
    "ALTER TABLE ecs_tasks DROP COLUMN caller",
    "ALTER TABLE ecs_tasks DROP COLUMN by_service",
]
