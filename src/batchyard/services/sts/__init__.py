"""AWS Security Token Service: who am I, and become a role."""

from batchyard.services.sts import assumed_roles, authorization_messages, caller_identity, session_tokens
from batchyard.services.sts.service import sts

__all__ = ["assumed_roles", "authorization_messages", "caller_identity", "session_tokens", "sts"]
