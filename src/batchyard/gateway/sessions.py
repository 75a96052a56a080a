"""Makes sessions from credentials that Batchyard issued, for services, and for callers carried on by a service."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from batchyard import ids
from batchyard.framework.ports import AccessKey, SessionTerms, TrustedRole
from batchyard.identity.keyring import Keyring
from batchyard.identity.session import RoleIdentity, Session, UserIdentity

_PURPOSE = "session-token"


@functools.lru_cache(maxsize=4096)
def root_session(partition: str, account: str, access_key_id: str, epoch: int) -> Session:
    """An account's root user: by development credentials, or for who holds the data directory offline."""
    return Session(
        kind="root",
        partition=partition,
        account=account,
        arn=f"arn:{partition}:iam::{account}:root",
        principal_id=account,
        epoch=epoch,
        access_key_id=access_key_id,
        name="root",
    )


def anonymous_session(partition: str, account: str, epoch: int) -> Session:
    """Who calls an operation that takes no signature, for this account."""
    return Session(
        kind="anonymous", partition=partition, account=account, arn="anonymous", principal_id="", epoch=epoch
    )


class Sessions:
    """Issues temporary credentials and reads them back. The token is the session, sealed: nothing is stored."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        self._opened = functools.lru_cache(maxsize=4096)(self._open)

    def issue_role(
        self, caller: Session, role: TrustedRole, terms: SessionTerms, *, account: str, epoch: int
    ) -> tuple[Session, dict[str, Any]]:
        """A session of an assumed role and its credentials."""
        session = Session(
            kind="role",
            partition=caller.partition,
            account=account,
            arn=f"arn:{caller.partition}:sts::{account}:assumed-role/{role.name}/{terms.session_name}",
            principal_id=f"{role.role_id}:{terms.session_name}",
            name=terms.session_name,
            role=RoleIdentity(role.arn, role.role_id, role.name),
            issued_at=terms.issued_at,
            expires_at=terms.expires_at,
            epoch=epoch,
            temporary=True,
            policies=terms.policies,
            policy_arns=tuple(terms.policy_arns),
            tags=dict(terms.tags),
            transitive_tag_keys=tuple(terms.transitive_tag_keys),
            source_identity=terms.source_identity,
            federated_provider=terms.federated_provider,
            federated_keys=dict(terms.federated_keys),
            chained=caller.kind == "role",
        )
        return session, self._credentials(session, terms.least_token_bytes)

    def issue_federated(self, caller: Session, terms: SessionTerms) -> tuple[Session, dict[str, Any]]:
        """A federated user's session, within what `caller` (a user or root) may, and its credentials."""
        user = UserIdentity(caller.arn, caller.principal_id, caller.name)
        session = Session(
            kind="federated-user",
            partition=caller.partition,
            account=caller.account,
            arn=f"arn:{caller.partition}:sts::{caller.account}:federated-user/{terms.session_name}",
            principal_id=f"{caller.account}:{terms.session_name}",
            name=terms.session_name,
            user=user if caller.kind == "user" else None,
            issued_at=terms.issued_at,
            expires_at=terms.expires_at,
            epoch=caller.epoch,
            temporary=True,
            policies=terms.policies,
            policy_arns=tuple(terms.policy_arns),
            tags=dict(terms.tags),
        )
        return session, self._credentials(session, terms.least_token_bytes)

    def issue_temporary(
        self,
        caller: Session,
        *,
        issued_at: datetime,
        expires_at: datetime,
        mfa: bool,
        least_token_bytes: int = 0,
    ) -> dict[str, Any]:
        """Temporary credentials of the same user or root (sts:GetSessionToken)."""
        session = replace(caller, issued_at=issued_at, expires_at=expires_at, mfa=mfa, temporary=True)
        return self._credentials(session, least_token_bytes)

    def issue_console(
        self, user: AccessKey, *, epoch: int, issued_at: datetime, expires_at: datetime, mfa: bool
    ) -> tuple[Session, dict[str, Any]]:
        """The session of a user who signed in to the console by a password, and its credentials."""
        session = Session(
            kind="user",
            partition=user.partition,
            account=user.account,
            arn=user.user_arn,
            principal_id=user.user_id,
            name=user.user_name,
            epoch=epoch,
            issued_at=issued_at,
            expires_at=expires_at,
            mfa=mfa,
            temporary=True,
            console=True,
        )
        return session, self._credentials(session, 0)

    def carry_into_console(
        self, session: Session, *, issued_at: datetime, expires_at: datetime
    ) -> dict[str, Any]:
        """Credentials for the console of who holds a user's access key or an account's development credentials."""
        carried = replace(session, issued_at=issued_at, expires_at=expires_at, temporary=True, console=True)
        return self._credentials(carried, 0)

    def _credentials(self, session: Session, least_token_bytes: int) -> dict[str, Any]:
        """Credentials in STS's shape for a session that expires; its access key id is chosen here."""
        if session.expires_at is None or session.issued_at is None:
            raise ValueError("temporary credentials need an issue time and an expiry")
        access_key_id = ids.access_key_id("ASIA", session.account)
        secret = ids.secret_access_key()
        issued = replace(session, access_key_id=access_key_id, temporary=True, called_via=(), acted_for=None)
        claims = {**_claims_of(issued), "secret": secret}
        token = self._keyring.seal(_PURPOSE, claims)
        if len(token) < least_token_bytes:
            # Four characters of a seal hold three of its content's bytes, and the filling's name is some, too.
            claims["filling"] = "x" * -(-(least_token_bytes - len(token)) * 3 // 4)
            token = self._keyring.seal(_PURPOSE, claims)
        return {
            "AccessKeyId": access_key_id,
            "SecretAccessKey": secret,
            "SessionToken": token,
            "Expiration": session.expires_at,
        }

    def open(self, token: str) -> tuple[Session, str] | None:
        """The session behind a token and its secret access key; None where the token is not ours.

        Expiry is for the caller to judge.
        """
        return self._opened(token)

    def _open(self, token: str) -> tuple[Session, str] | None:
        claims = self._keyring.open(_PURPOSE, token)
        return None if claims is None else (_session_of(claims), claims["secret"])


def service_session(
    principal: str, *, partition: str, account: str, epoch: int, source_arn: str | None = None
) -> Session:
    """A service principal acting for an account: allowed nothing but what a role's trust policy gives it.

    `source_arn`: the resource of the account for which it acts.
    """
    return Session(
        kind="service",
        partition=partition,
        account=account,
        arn=principal,
        principal_id=principal,
        name=principal,
        epoch=epoch,
        service_principal=principal,
        source_arn=source_arn,
    )


def acting_session(session: Session, principal: str) -> Session:
    """A role's session as a service uses it for itself: the audit tells `invokedBy`."""
    return replace(session, acted_for=principal)


def forwarded(session: Session, principal: str) -> Session:
    """The caller, carried on by a service (forward access session): aws:ViaAWSService and aws:CalledVia."""
    return replace(session, called_via=(*session.called_via, principal))


def _claims_of(session: Session) -> dict[str, Any]:
    return {
        "kind": session.kind,
        "partition": session.partition,
        "account": session.account,
        "arn": session.arn,
        "principal_id": session.principal_id,
        "epoch": session.epoch,
        "access_key_id": session.access_key_id,
        "name": session.name,
        "role": [session.role.arn, session.role.role_id, session.role.name] if session.role else None,
        "user": [session.user.arn, session.user.user_id, session.user.name] if session.user else None,
        "issued_at": session.issued_at.timestamp() if session.issued_at else None,
        "expires_at": session.expires_at.timestamp() if session.expires_at else None,
        "policies": session.policies,
        "policy_arns": session.policy_arns,
        "tags": dict(session.tags),
        "transitive_tag_keys": session.transitive_tag_keys,
        "source_identity": session.source_identity,
        "federated_provider": session.federated_provider,
        "federated_keys": dict(session.federated_keys),
        "mfa": session.mfa,
        "temporary": session.temporary,
        "chained": session.chained,
        "console": session.console,
        "called_via": session.called_via,
        "acted_for": session.acted_for,
    }


def _moment(claim: float | None) -> datetime | None:
    return None if claim is None else datetime.fromtimestamp(claim, UTC)


def _session_of(claims: Mapping[str, Any]) -> Session:
    role, user = claims["role"], claims.get("user")
    policies = claims["policies"]
    return Session(
        kind=claims["kind"],
        partition=claims["partition"],
        account=claims["account"],
        arn=claims["arn"],
        principal_id=claims["principal_id"],
        epoch=claims["epoch"],
        access_key_id=claims["access_key_id"],
        name=claims["name"],
        role=RoleIdentity(*role) if role else None,
        user=UserIdentity(*user) if user else None,
        issued_at=_moment(claims["issued_at"]),
        expires_at=_moment(claims["expires_at"]),
        policies=None if policies is None else tuple(policies),
        policy_arns=tuple(claims["policy_arns"]),
        tags=claims["tags"],
        transitive_tag_keys=tuple(claims["transitive_tag_keys"]),
        source_identity=claims["source_identity"],
        federated_provider=claims.get("federated_provider"),
        federated_keys={
            key: tuple(value) if isinstance(value, list) else value
            for key, value in claims.get("federated_keys", {}).items()
        },
        mfa=claims["mfa"],
        temporary=claims["temporary"],
        chained=claims["chained"],
        console=claims.get("console", False),
        called_via=tuple(claims["called_via"]),
        acted_for=claims["acted_for"],
    )
