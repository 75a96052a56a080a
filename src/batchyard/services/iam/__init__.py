"""AWS Identity and Access Management: who there is, what each may do, and the service-linked roles."""

from batchyard.services.iam import (
    access_key_uses,
    access_keys,
    accounts,
    attached_policies,
    boundaries,
    context_keys,
    groups,
    inline_policies,
    instance_profiles,
    policies,
    policy_versions,
    roles,
    service_access,
    service_linked_roles,
    simulations,
    tags,
    users,
)
from batchyard.services.iam.controllers import role_deletion
from batchyard.services.iam.service import iam

__all__ = [
    "access_key_uses",
    "access_keys",
    "accounts",
    "attached_policies",
    "boundaries",
    "context_keys",
    "groups",
    "iam",
    "inline_policies",
    "instance_profiles",
    "policies",
    "policy_versions",
    "role_deletion",
    "roles",
    "service_access",
    "service_linked_roles",
    "simulations",
    "tags",
    "users",
]
