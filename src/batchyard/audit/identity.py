"""CloudTrail's userIdentity for each kind of session."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from batchyard.audit.event import Caller


_TYPES = {"root": "Root", "user": "IAMUser", "role": "AssumedRole", "federated-user": "FederatedUser"}


def user_identity(caller: Caller) -> dict[str, Any]:
    """The userIdentity element (CloudTrail user guide: Root, IAMUser, AssumedRole, AWSService, AWSAccount)."""
    if caller.kind == "service":
        return {"type": "AWSService", "invokedBy": caller.service_principal}
    if caller.kind == "account":
        return {"type": "AWSAccount", "principalId": caller.principal_id, "accountId": caller.name}
    if caller.kind == "anonymous":
        return {"type": "Unknown"}
    identity: dict[str, Any] = {
        "type": _TYPES[caller.kind],
        "principalId": caller.principal_id,
        "arn": caller.arn,
        "accountId": caller.account,
        "accessKeyId": caller.access_key_id,
    }
    if caller.kind == "user":
        identity["userName"] = caller.name
    if caller.role is not None:
        identity["sessionContext"] = {
            "sessionIssuer": {
                "type": "Role",
                "principalId": caller.role.role_id,
                "arn": caller.role.arn,
                "accountId": caller.account,
                "userName": caller.role.name,
            },
            "attributes": _attributes(caller),
        }
    elif caller.kind == "federated-user":
        identity["sessionContext"] = {"sessionIssuer": _issuer(caller), "attributes": _attributes(caller)}
    elif caller.temporary:
        identity["sessionContext"] = {"attributes": _attributes(caller)}
    if caller.source_identity:
        identity.setdefault("sessionContext", {})["sourceIdentity"] = caller.source_identity
    invoked_by = caller.acted_for or (caller.called_via[-1] if caller.called_via else None)
    if invoked_by:
        identity["invokedBy"] = invoked_by
    return identity


def _issuer(caller: Caller) -> dict[str, str]:
    """Who made a federated user's session: an IAM user, or the root user (CloudTrail user guide, sessionIssuer)."""
    if caller.user is None:
        arn = f"arn:{caller.partition}:iam::{caller.account}:root"
        return {"type": "Root", "principalId": caller.account, "arn": arn, "accountId": caller.account}
    return {
        "type": "IAMUser",
        "principalId": caller.user.user_id,
        "arn": caller.user.arn,
        "accountId": caller.account,
        "userName": caller.user.name,
    }


def username(caller: Caller) -> str:
    """What LookupEvents calls Username: the user, the role session's name, root, the service, or a foreign account."""
    if caller.kind == "root":
        return "root"
    if caller.kind == "service":
        return caller.service_principal or ""
    return caller.name


def _attributes(caller: Caller) -> dict[str, str]:
    return {
        "creationDate": iso(caller.issued_at) if caller.issued_at else "",
        "mfaAuthenticated": "true" if caller.mfa else "false",
    }


def iso(moment: datetime) -> str:
    """CloudTrail's time format: 2026-01-31T12:00:00Z."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
