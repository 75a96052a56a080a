"""Whether a call is refused for want of a permission."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation")


def is_denied(call: Callable[[], Any], action: str) -> bool:
    """Whether the call is refused for want of permission for that action; other refusals come later."""
    try:
        call()
    except ClientError as error:
        found = error.response["Error"]
        return found["Code"] in DENIED and f"to perform: {action} " in found["Message"]
    return False
