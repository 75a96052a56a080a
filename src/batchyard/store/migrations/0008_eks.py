"""The tables of eks, as first laid out."""

STATEMENTS: list[str] = [
    """
    CREATE TABLE eks_clusters (
    id INTEGER NOT NULL,
    account TEXT NOT NULL,
    region TEXT NOT NULL,
    name TEXT NOT NULL,
    arn TEXT NOT NULL,
    status TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    version TEXT NOT NULL,
    role_arn TEXT NOT NULL,
    vpc_config TEXT NOT NULL,
    tags TEXT NOT NULL,
    request TEXT NOT NULL,
    PRIMARY KEY (id)
    )
    """,
    """
    CREATE UNIQUE INDEX eks_clusters_by_name ON eks_clusters (account, region, name)
    """,
]
