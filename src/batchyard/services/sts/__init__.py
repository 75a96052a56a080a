"""AWS Security Token Service: who am I, and become a role."""

from batchyard.services.sts import (
    access_keys,
    assumed_roles,
    authorization_messages,
    caller_identity,
    federated_users,
    root_sessions,
    saml_identities,
    session_tokens,
    web_identities,
    web_identity_tokens,
)
from batchyard.services.sts.service import sts

__all__ = [
    "access_keys",
    "assumed_roles",
    "authorization_messages",
    "caller_identity",
    "federated_users",
    "root_sessions",
    "saml_identities",
    "session_tokens",
    "sts",
    "web_identities",
    "web_identity_tokens",
]
