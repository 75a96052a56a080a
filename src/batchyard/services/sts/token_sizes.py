"""How long a session token is: what a call asks for at least, and what the answer tells of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LARGEST_BYTES = 4096
"""The most that MinimumSessionTokenSize may ask for (botocore); AWS's own limit is not public [guess: the same]."""


def least_token_bytes(request: Mapping[str, Any]) -> int:
    """MinimumSessionTokenSize; 0 where it is not given."""
    return int(request.get("MinimumSessionTokenSize", 0))


def token_size(credentials: Mapping[str, Any]) -> dict[str, int]:
    """SessionTokenSize and SessionTokenUtilization, as an answer's members."""
    size = len(credentials["SessionToken"])
    return {
        "SessionTokenSize": size,
        "SessionTokenUtilization": min(100, -(-size * 100 // LARGEST_BYTES)),
    }
