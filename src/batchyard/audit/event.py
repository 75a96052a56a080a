"""One event while it is open, and the row that it becomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

_HIDDEN = frozenset(
    {
        "SecretAccessKey",
        "SessionToken",
        "Password",
        "OldPassword",
        "NewPassword",
        "PrivateKey",
        "KeyMaterial",
        "UserData",
        # What jobs print is CloudWatch Logs' to keep, for those who may read it there.
        "logEvents",
    }
)
HIDDEN_VALUE = "HIDDEN_DUE_TO_SECURITY_REASONS"


class RoleIssuer(Protocol):
    """The role behind a session."""

    @property
    def arn(self) -> str: ...
    @property
    def role_id(self) -> str: ...
    @property
    def name(self) -> str: ...


class Caller(Protocol):
    """What the audit reads of a session (`framework.session.Session` is one)."""

    @property
    def kind(self) -> Any: ...
    @property
    def partition(self) -> str: ...
    @property
    def account(self) -> str: ...
    @property
    def arn(self) -> str: ...
    @property
    def principal_id(self) -> str: ...
    @property
    def access_key_id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def role(self) -> RoleIssuer | None: ...
    @property
    def issued_at(self) -> datetime | None: ...
    @property
    def mfa(self) -> bool: ...
    @property
    def temporary(self) -> bool: ...
    @property
    def service_principal(self) -> str | None: ...
    @property
    def called_via(self) -> tuple[str, ...]: ...
    @property
    def acted_for(self) -> str | None: ...


@dataclass(slots=True)
class Event:
    """One call's audit line: opened before the act, closed after it, error or not."""

    caller: Caller
    event_id: str
    """A `uuid7` of `event_time`: an event is found by its id through its time."""
    event_time: datetime
    region: str
    source: str
    name: str
    read_only: bool
    request_id: str
    source_ip: str
    user_agent: str
    request: Mapping[str, Any] | None
    response: Mapping[str, Any] | None = None
    error_code: str | None = None
    error_message: str | None = None
    decision: Sequence[Mapping[str, Any]] = ()
    resources: list[str] = field(default_factory=list)
    """The ARNs of the resources that the call names."""


def without_secrets(value: Any) -> Any:
    """A copy in which secrets are hidden, as CloudTrail hides them; cheap where there is nothing to hide."""
    if isinstance(value, Mapping):
        return {
            key: HIDDEN_VALUE if key in _HIDDEN else without_secrets(inner) for key, inner in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [without_secrets(item) for item in value]
    return value
