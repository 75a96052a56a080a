"""The errors that a caller of AWS sees, as Python exceptions."""

from collections.abc import Mapping
from typing import Any


class ApiError(Exception):
    """An answer that is an error: AWS's code, message and HTTP status.

    `members` are further members of the error's shape (beside code and message). `service` and `request_id` are
    set where a controller's call was refused: by whom, and under which id.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: int = 400,
        fault: str = "Sender",
        members: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.fault = fault
        self.members = dict(members or {})
        self.service = ""
        self.request_id = ""


class AccessDenied(ApiError):
    """The caller may not do this. `code` and `status` are the protocol's own (iam-evaluation.md 6)."""

    decision: Mapping[str, Any] | None = None
    """The refusing decision, as the audit keeps it."""


class NotBuilt(ApiError):
    """The operation, or a parameter of it, is not built here: HTTP 501, never a pretended success."""

    def __init__(self, what: str) -> None:
        super().__init__(
            "NotImplemented", f"Batchyard does not support {what} yet", status=501, fault="Receiver"
        )


class SessionEnded(ApiError):
    """The identity behind the call is gone: its role was deleted or its account was reset."""


class UnknownCredentials(Exception):
    """This service does not know credentials of this kind: the gateway answers as if they had never been."""
