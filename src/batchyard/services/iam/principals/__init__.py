"""Users, groups, roles and instance profiles: who there is, and what stays of those that are gone."""
