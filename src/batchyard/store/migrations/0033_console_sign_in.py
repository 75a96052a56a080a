"""When a user last signed in with the password."""

STATEMENTS: list[str] = ["ALTER TABLE iam_users ADD COLUMN password_last_used_at BIGINT"]
