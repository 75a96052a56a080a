"""Assumes roles through the gateway as a service principal, and keeps the sessions until near their end."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from batchyard import ids
from batchyard.clock import wall_now
from batchyard.framework.errors import ApiError, SessionEnded
from batchyard.framework.runtime import Runtime
from batchyard.gateway.gateway import Gateway
from batchyard.gateway.sessions import Sessions, acting_session, service_session
from batchyard.identity.session import Call, Origin, Session

_RENEW_BEFORE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Assumption:
    """Who assumes which role, for which resource and under which name: what a trust policy may ask about."""

    principal: str
    role_arn: str
    account: str
    partition: str
    region: str
    session_name: str
    source_arn: str | None


@dataclass(frozen=True, slots=True)
class _Kept:
    session: Session
    """As the service itself uses it."""
    credentials: dict[str, Any] = field(repr=False)
    """Of the same session, for who is to use it beside the service: in STS's shape."""


class Assumer:
    """Makes calls as assumed roles. At most `kept` sessions are remembered, those used last."""

    def __init__(self, gateway: Gateway, sessions: Sessions, runtime: Runtime, *, kept: int) -> None:
        self._gateway = gateway
        self._sessions = sessions
        self._runtime = runtime
        self._epochs = runtime.epochs
        self._most = kept
        self._kept: OrderedDict[tuple[Assumption, int], _Kept] = OrderedDict()
        self._lock = threading.Lock()

    def call(self, assumption: Assumption, call: Call) -> dict[str, Any]:
        """One call as the role; its origin is the service. A refusal tells by `service` who refused: sts, or whom
        the call was for.
        """
        sent = replace(call, origin=_origin(assumption))
        try:
            return self._invoke(self._session(assumption), sent)
        except SessionEnded:
            # The role was deleted, perhaps made anew: assume it once more, and let the answer stand.
            self._forget(assumption)
            return self._invoke(self._session(assumption), sent)

    def credentials(self, assumption: Assumption, *, least: timedelta) -> dict[str, Any]:
        """Credentials of the role in STS's shape, good for so long at least. A dead session's are not given away."""
        known = self._find(assumption, least)
        if known is not None and self._is_alive(known.session):
            return known.credentials
        return self._begin(assumption).credentials

    def _invoke(self, session: Session, sent: Call) -> dict[str, Any]:
        try:
            return self._gateway.invoke(session, sent)
        except SessionEnded:
            raise
        except ApiError as error:
            error.service, error.request_id = sent.service, sent.origin.request_id
            raise

    def _session(self, assumption: Assumption) -> Session:
        return (self._find(assumption, _RENEW_BEFORE) or self._begin(assumption)).session

    def _find(self, assumption: Assumption, least: timedelta) -> _Kept | None:
        place = (assumption, self._epochs.of(assumption.account))
        with self._lock:
            kept = self._kept.get(place)
            if kept is None or kept.credentials["Expiration"] - wall_now() <= least:
                return None
            self._kept.move_to_end(place)
            return kept

    def _begin(self, assumption: Assumption) -> _Kept:
        place = (assumption, self._epochs.of(assumption.account))
        credentials = self._assume(assumption, _origin(assumption), place[1])
        opened = self._sessions.open(credentials["SessionToken"])
        if opened is None:
            raise RuntimeError("the gateway does not know a session token that sts just issued")
        fresh = _Kept(acting_session(opened[0], assumption.principal), credentials)
        with self._lock:
            self._kept[place] = fresh
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return fresh

    def _assume(self, assumption: Assumption, origin: Origin, epoch: int) -> dict[str, Any]:
        """Credentials in STS's shape, of a session that begins now."""
        principal = service_session(
            assumption.principal,
            partition=assumption.partition,
            account=assumption.account,
            epoch=epoch,
            source_arn=assumption.source_arn,
        )
        request: dict[str, object] = {
            "RoleArn": assumption.role_arn,
            "RoleSessionName": assumption.session_name,
        }
        call = Call("sts", "AssumeRole", request, assumption.region, origin)
        try:
            answer = self._gateway.invoke(principal, call)
        except ApiError as error:
            error.service, error.request_id = "sts", origin.request_id
            raise
        credentials: dict[str, Any] = answer["Credentials"]
        return credentials

    def _is_alive(self, session: Session) -> bool:
        """Is the role with this id still there?"""
        with self._runtime.store.read() as tx:
            return self._runtime.policies.find_policies(tx, session) is not None

    def _forget(self, assumption: Assumption) -> None:
        with self._lock:
            self._kept.pop((assumption, self._epochs.of(assumption.account)), None)


def _origin(assumption: Assumption) -> Origin:
    principal = assumption.principal
    return Origin(source_ip=principal, user_agent=principal, secure=True, request_id=ids.uuid4())
