"""Gives controllers their clients: a role assumed through the gateway as the service's principal."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from batchyard import ids
from batchyard.clock import wall_now
from batchyard.framework.clients import Clients
from batchyard.framework.controller import ActingAs
from batchyard.framework.epochs import Epochs
from batchyard.framework.errors import ApiError, SessionEnded
from batchyard.framework.service import Service
from batchyard.framework.session import Call, Origin, Session
from batchyard.framework.work import Key
from batchyard.gateway.clients import GatewayClients
from batchyard.gateway.gateway import Gateway
from batchyard.gateway.sessions import Sessions, acting_session, service_session

_KEPT_SESSIONS = 2048
_RENEW_BEFORE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Who assumes which role, and for which resource: what a trust policy may ask about."""

    assumer: str
    role_arn: str
    source_arn: str | None


class Acting:
    """Assumes roles for services and keeps the sessions until near their end."""

    def __init__(self, gateway: Gateway, sessions: Sessions, epochs: Epochs) -> None:
        self._gateway = gateway
        self._sessions = sessions
        self._epochs = epochs
        self._kept: OrderedDict[tuple[_Wanted, int], Session] = OrderedDict()
        self._lock = threading.Lock()

    def for_key(self, service: Service, key: Key) -> ActingAs:
        """`acting_as` for one key of one of the service's controllers."""

        def acting_as(
            role_arn: str, *, principal: str | None = None, source_arn: str | None = None
        ) -> Clients:
            assumer = principal or service.principal
            if assumer not in (service.principal, *service.further_principals):
                raise ValueError(f"{service.name} does not act as {assumer}")
            wanted = _Wanted(assumer, role_arn, source_arn)
            clients: Any = GatewayClients(
                lambda call: self._call(service, key, wanted, call),
                region=key.region,
                origin=Origin(),
            )
            acting: Clients = clients
            return acting

        return acting_as

    def _call(self, service: Service, key: Key, wanted: _Wanted, call: Call) -> dict[str, Any]:
        assumer = wanted.assumer
        origin = Origin(source_ip=assumer, user_agent=assumer, secure=True, request_id=ids.uuid4())
        sent = Call(call.service, call.operation, call.request, call.region, origin)
        session = self._session(service, key, wanted, origin)
        try:
            return self._invoke(session, sent)
        except SessionEnded:
            # The role was deleted, perhaps made anew: assume it once more, and let the answer stand.
            self._forget(key, wanted)
            session = self._session(service, key, wanted, origin)
            return self._invoke(session, sent)

    def _invoke(self, session: Session, sent: Call) -> dict[str, Any]:
        try:
            return self._gateway.invoke(session, sent)
        except SessionEnded:
            raise
        except ApiError as error:
            error.service, error.request_id = sent.service, sent.origin.request_id
            raise

    def _session(self, service: Service, key: Key, wanted: _Wanted, origin: Origin) -> Session:
        epoch = self._epochs.of(key.account)
        place = (wanted, epoch)
        with self._lock:
            kept = self._kept.get(place)
            if kept is not None and kept.expires_at and kept.expires_at - wall_now() > _RENEW_BEFORE:
                self._kept.move_to_end(place)
                return kept
        session = self._assume(service, key, wanted, origin, epoch)
        with self._lock:
            self._kept[place] = session
            while len(self._kept) > _KEPT_SESSIONS:
                self._kept.popitem(last=False)
        return session

    def _assume(self, service: Service, key: Key, wanted: _Wanted, origin: Origin, epoch: int) -> Session:
        principal = service_session(
            wanted.assumer,
            partition=key.partition,
            account=key.account,
            epoch=epoch,
            source_arn=wanted.source_arn,
        )
        name = _session_name(service, wanted.assumer)
        request: dict[str, object] = {"RoleArn": wanted.role_arn, "RoleSessionName": name}
        call = Call("sts", "AssumeRole", request, key.region, origin)
        try:
            answer = self._gateway.invoke(principal, call)
        except ApiError as error:
            error.service, error.request_id = "sts", origin.request_id
            raise
        opened = self._sessions.open(answer["Credentials"]["SessionToken"])
        if opened is None:
            raise RuntimeError("the gateway does not know a session token that sts just issued")
        return acting_session(opened[0], wanted.assumer)

    def _forget(self, key: Key, wanted: _Wanted) -> None:
        with self._lock:
            self._kept.pop((wanted, self._epochs.of(key.account)), None)


def _session_name(service: Service, assumer: str) -> str:
    """What the service calls its sessions as this principal (Batch: aws-batch, batch-on-behalf.md 3)."""
    for role in service.linked_roles:
        if role.principal == assumer:
            return role.session_name
    return service.name
