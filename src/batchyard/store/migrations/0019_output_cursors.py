"""How far a task's output was put, for each container, in the words of its engine."""

STATEMENTS: list[str] = [
    "ALTER TABLE ecs_tasks ADD COLUMN cursors TEXT DEFAULT '{}' NOT NULL",
    """
    UPDATE ecs_tasks SET cursors =
    json_object(json_extract(described, '$.container.name'), CAST(logged AS TEXT))
    WHERE logged > 0
    """,
    "ALTER TABLE ecs_tasks DROP COLUMN logged",
]
