"""A task's row tells of each of its containers how it ended."""

_CONTAINER = "json_extract(described, '$.container')"

STATEMENTS: list[str] = [
    "ALTER TABLE ecs_tasks ADD COLUMN outcomes TEXT DEFAULT '{}' NOT NULL",
    """
    UPDATE ecs_tasks SET outcomes = json_object(json_extract(described, '$.container.name'),
    json_patch('{}', json_object('exitCode', exit_code, 'reason', container_reason)))
    WHERE exit_code IS NOT NULL OR container_reason IS NOT NULL
    """,
    f"""
    UPDATE ecs_tasks SET described =
    json_remove(json_set(described, '$.containers', json_array(json({_CONTAINER}))), '$.container')
    WHERE {_CONTAINER} IS NOT NULL
    """,
    "UPDATE ecs_tasks SET container_reason = NULL WHERE last_status = 'STOPPED'",
    "ALTER TABLE ecs_tasks DROP COLUMN exit_code",
]
