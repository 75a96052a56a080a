"""The token by which a running task asks for its role's credentials, sealed."""

STATEMENTS: list[str] = ["ALTER TABLE ecs_tasks ADD COLUMN sealed_token TEXT"]
