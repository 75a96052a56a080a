"""Who makes a call: an authenticated identity. Made in `gateway/authenticate.py` and `gateway/sessions.py` alone."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

SessionKind = Literal["root", "user", "role", "federated-user", "service", "anonymous"]
"""`user` and `root` with temporary credentials are of GetSessionToken, `federated-user` is of GetFederationToken."""


@dataclass(frozen=True, slots=True)
class RoleIdentity:
    """The role behind an assumed-role session. The session dies when the role with this id is gone."""

    arn: str
    role_id: str
    name: str


@dataclass(frozen=True, slots=True)
class UserIdentity:
    """The IAM user behind a federated user's session, which dies when the user with this id is gone."""

    arn: str
    user_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Session:
    """One authenticated identity, with what its credentials carry.

    `arn` and `principal_id` are those of sts:GetCallerIdentity; a service principal has its own name as `arn`.
    `epoch` is the account's at authentication: after a reset the session is dead.
    """

    kind: SessionKind
    partition: str
    account: str
    arn: str
    principal_id: str
    epoch: int = 0
    access_key_id: str = ""
    name: str = ""
    role: RoleIdentity | None = None
    user: UserIdentity | None = None
    """For kind `federated-user`: whose permissions it has at most; None where the root user made it."""
    issued_at: datetime | None = None
    expires_at: datetime | None = None
    policies: tuple[str, ...] | None = None
    """Session policies, as documents; None where the session has none."""
    policy_arns: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict, hash=False)
    transitive_tag_keys: tuple[str, ...] = ()
    source_identity: str | None = None
    federated_provider: str | None = None
    """The identity provider that vouched for who got this role's session: its ARN, or a built-in one's name."""
    federated_keys: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict, hash=False)
    """The condition keys that the provider's token left."""
    mfa: bool = False
    temporary: bool = False
    """The credentials are temporary (from AssumeRole or GetSessionToken)."""
    console: bool = False
    """Made by signing in to the console: not bound as GetSessionToken's credentials are."""
    chained: bool = False
    """The session was made with another role session's credentials."""
    service_principal: str | None = None
    """For kind `service`: batch.amazonaws.com; else None."""
    source_arn: str | None = None
    """For kind `service`: the resource that it calls for (aws:SourceArn)."""
    called_via: tuple[str, ...] = ()
    """The services that carried this caller on (forward access session), the first one first."""
    acted_for: str | None = None
    """The service principal that uses this session for itself: a role's session made by a service."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a call came from, as the request context and the audit tell it."""

    source_ip: str = "127.0.0.1"
    user_agent: str = ""
    secure: bool = False
    request_id: str = ""
    referer: str | None = None
    outside: bool = False
    """It came by the socket: what it may do is bounded. A controller's calls are not."""
    may_wait: bool = False
    """Not in a turn of the heavy calls: begun again in a turn where it turns out to be heavy."""


@dataclass(frozen=True, slots=True)
class Call:
    """One operation with its request, in AWS's member names, for one Region."""

    service: str
    operation: str
    """The wire name: CreateJobQueue."""
    request: dict[str, object]
    region: str
    origin: Origin = Origin()
