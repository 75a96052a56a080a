"""Tasks of a gang start together."""

STATEMENTS: list[str] = [
    "ALTER TABLE ecs_tasks ADD COLUMN gang TEXT",
    """
    CREATE INDEX ecs_tasks_by_gang
    ON ecs_tasks (account, partition, region, cluster, gang)
    WHERE gang IS NOT NULL
    """,
]
