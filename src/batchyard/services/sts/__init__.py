"""AWS Security Token Service: who am I, and become a role."""

from batchyard.services.sts import assumed_roles, caller_identity, session_tokens
from batchyard.services.sts.service import sts

__all__ = ["assumed_roles", "caller_identity", "session_tokens", "sts"]
