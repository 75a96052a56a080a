"""Forget the access reports that do not tell by whom a service was used: they are made again by asking again."""

STATEMENTS: list[str] = [
    """
    DELETE FROM iam_access_reports
    WHERE EXISTS (SELECT 1 FROM json_each(services) WHERE json_extract(value, '$.uses') IS NULL)
    """,
]
