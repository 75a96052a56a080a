"""Indexes by account: forgetting one account reads no other's rows."""

STATEMENTS: list[str] = [
    "CREATE INDEX iam_users_by_account ON iam_users (account)",
    "CREATE INDEX iam_groups_by_account ON iam_groups (account)",
    "CREATE INDEX iam_roles_by_account ON iam_roles (account)",
    "CREATE INDEX iam_policies_by_account ON iam_policies (account)",
    "CREATE INDEX iam_instance_profiles_by_account ON iam_instance_profiles (account)",
    "CREATE INDEX iam_policy_versions_by_account ON iam_policy_versions (account)",
    "CREATE INDEX iam_inline_policies_by_account ON iam_inline_policies (account)",
    "CREATE INDEX iam_memberships_by_account ON iam_memberships (account)",
    "CREATE INDEX iam_access_keys_by_account ON iam_access_keys (account)",
    "CREATE INDEX iam_revisions_by_account ON iam_revisions (account)",
    "CREATE INDEX iam_role_deletions_by_account ON iam_role_deletions (account)",
    "CREATE INDEX batch_running_jobs_by_account ON batch_running_jobs (account)",
    "CREATE INDEX work_by_account ON work (account)",
]
