"""The doors to the services: `handle` for the outside, `act` for everyone; `invoke` is an act of one call.

An operation that changes something and causes something elsewhere carries its caller on (`ctx.forward()`), in its own
transaction. There is no other way to reach a service; each call takes the steps of `gateway/act.py`.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from batchyard import ids
from batchyard.audit.event import Event
from batchyard.audit.trail import Trail
from batchyard.data.partitions import global_region
from batchyard.framework.clients import Clients
from batchyard.framework.context import Context
from batchyard.framework.effort import Heavy
from batchyard.framework.errors import ApiError, NotBuilt
from batchyard.framework.runtime import Runtime
from batchyard.gateway import answers
from batchyard.gateway.act import Act, Opener
from batchyard.gateway.authenticate import Authenticator, Refused
from batchyard.gateway.authorize import Authorizer
from batchyard.gateway.clients import GatewayClients
from batchyard.gateway.pending import DEFERRED, Deferred, Outcome, Pending, Write
from batchyard.gateway.sessions import forwarded
from batchyard.identity.session import Call, Origin, Session
from batchyard.store.transaction import Transaction
from batchyard.wire import protocols
from batchyard.wire.errors import WireError
from batchyard.wire.http import HttpRequest, HttpResponse
from batchyard.wire.model import Operation
from batchyard.wire.route import guess_service, is_for_s3, route

_log = logging.getLogger(__name__)


class Gateway:
    """Holds the order of everything; each step is somebody else's work."""

    def __init__(
        self,
        runtime: Runtime,
        *,
        authenticator: Authenticator,
        authorizer: Authorizer,
        trail: Trail,
        check_results: bool = False,
    ) -> None:
        self._runtime = runtime
        self._authenticator = authenticator
        self._acts = Opener(runtime, authorizer, check_results=check_results)
        self._trail = trail
        self._open_services = {
            name
            for name, service in runtime.services.items()
            if any(one.unsigned is not None for one in service.operations.values())
        }

    def handle(self, http: HttpRequest, *, in_turn: bool = False) -> HttpResponse | Pending | Deferred:
        """One request from outside: authenticate, parse, invoke; a write's answer is still to come. Never raises.

        `in_turn`: no other heavy call runs beside it, so it may be heavy; else a heavy call is Deferred. In its
        turn a call is Deferred where it prepares more than a turn's worth, each time with less that is left.
        """
        request_id = ids.uuid4()
        if is_for_s3(http):
            return answers.other_server_for_s3(self._runtime.settings.s3_endpoint, request_id)
        service = guess_service(http)
        try:
            # One snapshot from the credentials to the result: what a call is judged by does not change within it.
            with self._runtime.store.read():
                unsigned = self._unsigned(http, service)
                if unsigned is not None:
                    operation, request, session = unsigned
                    region = global_region(session.partition)
                else:
                    claim, session = self._authenticator.authenticate(http)
                    service, region = claim.service, claim.region
                    if service not in self._runtime.services:
                        return answers.unknown_service(service, request_id)
                    found = route(http, service)
                    if found is None:
                        return answers.unknown_operation(service, http, request_id)
                    if claim.presigned and self._changes(service, found):
                        self._authenticator.check_change(claim)
                    operation, request = found, protocols.parse(found, http)
                call = Call(
                    operation.model.service,
                    operation.name,
                    request,
                    region,
                    _origin(http, request_id, in_turn),
                )
                begun = self._begin(session, call)
            if isinstance(begun, dict):
                return protocols.serialize(operation, begun, request_id)
            return Pending(begun, lambda outcome: _finished(operation, outcome, request_id))
        except Heavy:
            return DEFERRED
        except Exception as error:
            return _error(service, error, request_id)

    def _unsigned(
        self, http: HttpRequest, service: str | None
    ) -> tuple[Operation, dict[str, Any], Session] | None:
        """The call and its anonymous session, where the operation takes no signature; None for all others."""
        if service not in self._open_services:
            return None
        operation = route(http, service)
        entry = (
            None
            if operation is None
            else self._runtime.services[service].operations.get(operation.snake_name)
        )
        if operation is None or entry is None or entry.unsigned is None:
            return None
        request = protocols.parse(operation, http)
        return operation, request, self._authenticator.anonymous(entry.unsigned(request))

    def _changes(self, service: str, operation: Operation) -> bool:
        """Whether a call of the operation may change something."""
        entry = self._runtime.services[service].operations.get(operation.snake_name)
        return entry is not None and entry.writes

    def invoke(self, session: Session, call: Call) -> dict[str, Any]:
        """The one way to a service, for everyone: an act of one call. Raises ApiError (AccessDenied among them)."""
        return _result(self.act(session, [call])[0])

    def act(self, session: Session, calls: Sequence[Call]) -> list[Outcome]:
        """Some calls of one session in their order, each admitted and audited as if it came alone.

        Several share one transaction: what one did, the next one sees, and all is on disk when this returns. A call
        that fails undoes itself alone and is the last outcome: those after it are not tried.
        """
        if len(calls) != 1:
            return self._runtime.store.write_whole(lambda tx: self._in_turn(tx, session, calls))
        try:
            begun = self._begin(session, calls[0])
        except Exception as error:
            return [error]
        return [begun if isinstance(begun, dict) else self._runtime.store.write_whole(begun)]

    def _begin(self, session: Session, call: Call) -> dict[str, Any] | Write:
        """Open and admit one call on a snapshot: a read's result, or the write that is to be done."""
        with self._runtime.store.read() as snapshot:
            act = self._acts.open(session, call, snapshot, self._forward)
            try:
                act.admit()
                if act.entry.writes:
                    return lambda tx: self._write(tx, act)
                result = act.perform()
            except Exception as error:
                act.fail(error)
                self._audit_soon(act)
                raise
            self._audit_soon(act)
            return result

    def _write(self, tx: Transaction, act: Act) -> Outcome:
        """In the write: the function in a savepoint, the audit beside it, whatever became of the function."""
        act.ctx.enter(tx)
        outcome = act.conclude(act.perform)
        self._trail.write(tx, act.events)
        return outcome

    def _in_turn(self, tx: Transaction, session: Session, calls: Sequence[Call]) -> list[Outcome]:
        """In one write: each call admitted on what those before it left, up to the first that fails."""
        outcomes: list[Outcome] = []
        events: list[Event] = []
        for call in calls:
            try:
                act = self._acts.open(session, call, tx, self._forward)
            except NotBuilt as error:  # as from outside, what is not built leaves no event
                outcomes.append(error)
                break
            outcomes.append(act.conclude(act.whole))
            events.extend(act.events)
            if isinstance(outcomes[-1], Exception):
                break
        self._trail.write(tx, events)
        return outcomes

    def _carry(self, outer: Context, session: Session, call: Call) -> dict[str, Any]:
        """A call that an open write carries on: the same steps on the same transaction."""
        act = self._acts.open(session, call, outer.write, self._forward)
        outer.nested_events.append(act.event)
        try:
            return _result(act.conclude(act.whole))
        finally:
            outer.nested_events.extend(act.ctx.nested_events)

    def _audit_soon(self, act: Act) -> None:
        """Write the event of a call that changed nothing: nobody waits for it."""
        events = act.events
        self._runtime.store.write_soon(lambda tx: self._trail.write(tx, events))

    def _forward(self, ctx: Context) -> Clients:
        principal = ctx.service.principal
        session = forwarded(ctx.session, principal)
        nested = ctx.read.writable
        clients: Any = GatewayClients(
            (lambda call: self._carry(ctx, session, call))
            if nested
            else (lambda call: self.invoke(session, call)),
            region=ctx.region,
            origin=Origin(source_ip=principal, user_agent=principal, secure=True, request_id=ids.uuid4()),
        )
        found: Clients = clients
        return found


def _result(outcome: Outcome) -> dict[str, Any]:
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def _finished(operation: Operation, outcome: Outcome, request_id: str) -> HttpResponse:
    """The answer to a write that is on disk, or could not be done."""
    try:
        return protocols.serialize(operation, _result(outcome), request_id)
    except Exception as error:
        return _error(operation.model.service, error, request_id)


def _error(service: str | None, error: Exception, request_id: str) -> HttpResponse:
    """The answer to a request that failed; an exception that nobody planned is logged, and is a bug."""
    if isinstance(error, Refused):
        return answers.refused(service, error, request_id)
    if isinstance(error, WireError):
        return answers.error_reply(service, error.reply, request_id)
    if isinstance(error, ApiError):
        return answers.api_error(service, error, request_id)
    _log.error("request %s to %s failed", request_id, service, exc_info=error)
    return answers.internal_failure(service, request_id)


def _origin(http: HttpRequest, request_id: str, in_turn: bool) -> Origin:
    return Origin(
        source_ip=http.source_ip,
        user_agent=http.headers.get("user-agent", ""),
        secure=http.secure,
        request_id=request_id,
        referer=http.headers.get("referer"),
        outside=True,
        may_wait=not in_turn,
    )
