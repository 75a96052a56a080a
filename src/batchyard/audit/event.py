"""One event while it is open, and the row that it becomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


class RoleIssuer(Protocol):
    """The role behind a session."""

    @property
    def arn(self) -> str: ...
    @property
    def role_id(self) -> str: ...
    @property
    def name(self) -> str: ...


class User(Protocol):
    """The IAM user behind a federated user's session."""

    @property
    def arn(self) -> str: ...
    @property
    def user_id(self) -> str: ...
    @property
    def name(self) -> str: ...


class Caller(Protocol):
    """What the audit reads of a session (`identity.session.Session` has it)."""

    def __hash__(self) -> int: ...
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
    def user(self) -> User | None: ...
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
    @property
    def source_identity(self) -> str | None: ...


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
    identity: Mapping[str, str] | None = None
    """Who an anonymous caller is, where an identity provider tells: CloudTrail's userIdentity."""
    resources: list[str] = field(default_factory=list)
    """The ARNs of the resources that the call names."""
