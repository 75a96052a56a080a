"""Callers kept with what they asked for: a service goes on as them after their call was answered."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from batchyard import ids
from batchyard.framework.clients import Clients
from batchyard.framework.errors import ApiError
from batchyard.framework.session import Call, Origin, Session
from batchyard.gateway.clients import GatewayClients
from batchyard.gateway.gateway import Gateway
from batchyard.gateway.sessions import Sessions, forwarded


class KeptSessions:
    """Seals forward access sessions for the store and makes clients of them again (`ports.KeptCallers`)."""

    def __init__(self, gateway: Gateway, sessions: Sessions) -> None:
        self._gateway = gateway
        self._sessions = sessions

    def keep(self, session: Session, principal: str) -> str:
        """The session, carried on by the service `principal`, sealed."""
        return self._sessions.keep(forwarded(session, principal))

    def clients(self, kept: str, *, region: str) -> Clients:
        """Clients bound to a kept session; raises ValueError where the text is not ours."""
        session = self._sessions.kept(kept)
        if session is None:
            raise ValueError("a kept caller cannot be opened: it was altered, or kept under another key")
        made: Any = GatewayClients(lambda call: self._call(session, call), region=region, origin=Origin())
        clients: Clients = made
        return clients

    def _call(self, session: Session, call: Call) -> dict[str, Any]:
        principal = session.called_via[-1]
        origin = Origin(source_ip=principal, user_agent=principal, secure=True, request_id=ids.uuid4())
        try:
            return self._gateway.invoke(session, replace(call, origin=origin))
        except ApiError as error:
            error.request_id = origin.request_id
            raise
