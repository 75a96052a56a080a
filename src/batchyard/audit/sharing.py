"""The second event of an act across accounts: who owns the assumed role is told of it, too."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from batchyard import ids
from batchyard.audit.event import Caller, Event, RoleIssuer, User
from batchyard.clock import microseconds


@dataclass(frozen=True, slots=True)
class ForeignCaller:
    """A caller as another account sees them: `name` is the caller's account, `account` the account that is told."""

    partition: str
    account: str
    principal_id: str
    name: str
    kind: str = "account"
    arn: str = ""
    access_key_id: str = ""
    role: RoleIssuer | None = None
    user: User | None = None
    issued_at: datetime | None = None
    mfa: bool = False
    temporary: bool = False
    service_principal: str | None = None
    called_via: tuple[str, ...] = ()
    acted_for: str | None = None
    source_identity: str | None = None


def told_elsewhere(event: Event) -> Event | None:
    """The event for the role's account, where a role of another account was assumed; None otherwise.

    AWS tells the owner of success alone, without the caller's policies (IAM guide, "Logging IAM and AWS STS API
    calls with CloudTrail").
    """
    if event.name != "AssumeRole" or event.error_code or not event.resources:
        return None
    owner = event.resources[0].split(":")[4]
    caller: Caller = event.caller
    if owner == caller.account:
        return None
    foreign = ForeignCaller(
        partition=caller.partition,
        account=owner,
        principal_id=caller.principal_id,
        name=caller.account,
    )
    return replace(event, caller=foreign, event_id=ids.uuid7(microseconds(event.event_time)), decision=())
