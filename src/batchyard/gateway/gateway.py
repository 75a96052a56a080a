"""The two doors: `handle` for the outside, `invoke` for everyone. There is no third way to reach a service."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from batchyard import ids
from batchyard.audit.event import Event
from batchyard.audit.trail import Trail
from batchyard.clock import microseconds
from batchyard.data.partitions import global_region
from batchyard.framework.clients import Clients
from batchyard.framework.context import Context
from batchyard.framework.errors import AccessDenied, ApiError, NotBuilt
from batchyard.framework.operation import OperationEntry
from batchyard.framework.runtime import Runtime
from batchyard.framework.service import Service
from batchyard.framework.session import Call, Origin, Session
from batchyard.gateway import answers
from batchyard.gateway.authenticate import Authenticator, Refused
from batchyard.gateway.authorize import Authorizer
from batchyard.gateway.clients import GatewayClients
from batchyard.gateway.denial import ended
from batchyard.gateway.pending import Outcome, Pending, Write
from batchyard.gateway.sessions import forwarded
from batchyard.store.transaction import Transaction
from batchyard.wire import model as wire_model
from batchyard.wire import protocols
from batchyard.wire.errors import WireError
from batchyard.wire.http import HttpRequest, HttpResponse
from batchyard.wire.model import Operation
from batchyard.wire.route import guess_service, route
from batchyard.wire.validate import refusal, validate

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
        self._authorizer = authorizer
        self._trail = trail
        self._check_results = check_results
        self._open_services = {
            name
            for name, service in runtime.services.items()
            if any(one.unsigned is not None for one in service.operations.values())
        }

    def handle(self, http: HttpRequest) -> HttpResponse | Pending:
        """One request from outside: authenticate, parse, invoke; a write's answer is still to come. Never raises."""
        request_id = ids.uuid4()
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
                    operation, request = found, protocols.parse(found, http)
                call = Call(
                    operation.model.service, operation.name, request, region, _origin(http, request_id)
                )
                begun = self._begin(session, call)
            if isinstance(begun, dict):
                return protocols.serialize(operation, begun, request_id)
            return Pending(begun, lambda outcome: _finished(operation, outcome, request_id))
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

    def invoke(self, session: Session, call: Call) -> dict[str, Any]:
        """The one way to a service, for everyone. Raises ApiError (AccessDenied among them)."""
        begun = self._begin(session, call)
        return begun if isinstance(begun, dict) else _result(self._runtime.store.write_whole(begun))

    def _begin(self, session: Session, call: Call) -> dict[str, Any] | Write:
        """Audit, admit, and act: a read's result, or the write that is to be done."""
        service, entry, operation = self._find(call)
        event = self._open(session, call, service, entry)
        with self._runtime.store.read() as snapshot:
            ctx = self._context(session, call, service, snapshot)
            try:
                self._admit(ctx, entry, operation, event)
                if not entry.writes:
                    result = dict(entry.function(ctx, call.request) or {})
                    event.identity = ctx.identity
                    self._checked(operation, result)
                    event.response = result if entry.read_only is not None else None
                    self._runtime.store.write_soon(lambda tx: self._trail.write(tx, [event]))
                    return result
            except Exception as error:
                event.identity = ctx.identity
                self._fail(event, error)
                self._runtime.store.write_soon(lambda tx: self._trail.write(tx, [event]))
                raise
        return lambda tx: self._write(tx, ctx, entry, operation, event)

    def _write(
        self, tx: Transaction, ctx: Context, entry: OperationEntry, operation: Operation, event: Event
    ) -> Outcome:
        """In the write: the function in a savepoint, the audit beside it, whatever became of the function."""
        ctx.enter(tx)
        outcome: Outcome
        try:
            if ctx.session.epoch != self._runtime.epochs.of(ctx.account):
                raise ended(ctx.call.service)
            with tx.savepoint():
                result = dict(entry.function(ctx, ctx.call.request) or {})
                self._checked(operation, result)
            event.response = outcome = result
            event.resources = list(dict.fromkeys([*event.resources, *ctx.noted_resources]))
        except Exception as error:
            self._fail(event, error)
            outcome = error
        nested: list[Any] = ctx.nested_events
        self._trail.write(tx, [*nested, event])
        return outcome

    def _invoke_nested(self, outer: Context, session: Session, call: Call) -> dict[str, Any]:
        """A forwarded call within an open write: the same steps on the same transaction."""
        service, entry, operation = self._find(call)
        event = self._open(session, call, service, entry)
        ctx = self._context(session, call, service, outer.write)
        outer.nested_events.append(event)
        try:
            self._admit(ctx, entry, operation, event)
            with outer.write.savepoint():
                result = dict(entry.function(ctx, call.request) or {})
            event.response = result if entry.writes else None
            event.resources = list(dict.fromkeys([*event.resources, *ctx.noted_resources]))
        except Exception as error:
            self._fail(event, error)
            raise
        finally:
            outer.nested_events.extend(ctx.nested_events)
        return result

    def _find(self, call: Call) -> tuple[Service, OperationEntry, Operation]:
        service = self._runtime.services[call.service]
        operation = wire_model.load(call.service).operations[call.operation]
        entry = service.operations.get(operation.snake_name)
        if entry is None:
            raise NotBuilt(f"the operation {service.title} {call.operation}")
        return service, entry, operation

    def _admit(self, ctx: Context, entry: OperationEntry, operation: Operation, event: Event) -> None:
        """Validate, authorize, and refuse what is not honoured; in that order."""
        problems = validate(operation, ctx.call.request)
        if problems:
            reply = refusal(ctx.call.service, problems)
            raise ApiError(reply.code, reply.message, status=reply.status, members=reply.members)
        event.decision, event.resources = self._authorizer.check(ctx, entry)
        member = entry.refused_member(ctx.call.request)
        if member is not None:
            raise NotBuilt(f"the parameter {member} of {ctx.call.operation}")

    def _context(self, session: Session, call: Call, service: Service, tx: Transaction) -> Context:
        return Context(
            self._runtime, service, session, call, tx, now=self._runtime.clock.now(), forward=self._forward
        )

    def _forward(self, ctx: Context) -> Clients:
        principal = ctx.service.principal
        session = forwarded(ctx.session, principal)
        nested = ctx.read.writable
        clients: Any = GatewayClients(
            (lambda call: self._invoke_nested(ctx, session, call))
            if nested
            else (lambda call: self.invoke(session, call)),
            region=ctx.region,
            origin=Origin(source_ip=principal, user_agent=principal, secure=True, request_id=ids.uuid4()),
        )
        found: Clients = clients
        return found

    def _open(self, session: Session, call: Call, service: Service, entry: OperationEntry) -> Event:
        origin = call.origin
        now = self._runtime.clock.now()
        return Event(
            caller=session,
            event_id=ids.uuid7(microseconds(now)),
            event_time=now,
            region=answers.event_region(service, session, call),
            source=f"{service.prefix}.amazonaws.com",
            name=call.operation,
            read_only=not entry.writes if entry.read_only is None else entry.read_only,
            request_id=origin.request_id,
            source_ip=origin.source_ip,
            user_agent=origin.user_agent,
            request=call.request,
        )

    def _fail(self, event: Event, error: Exception) -> None:
        """Close the event with the error; one that is a bug of ours is told as the caller sees it."""
        known = error if isinstance(error, ApiError) else answers.FAILURE
        event.error_code = known.code
        event.error_message = known.message
        if isinstance(error, AccessDenied) and error.decision is not None:
            event.decision = [error.decision]

    def _checked(self, operation: Operation, result: Mapping[str, Any]) -> None:
        """In tests: a result that the model does not describe is a bug of ours, not an answer."""
        if not self._check_results:
            return
        problems = protocols.unknown_members(operation, result)
        if problems:
            raise AssertionError(f"{operation.name} answers what its model does not have: {problems}")


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


def _origin(http: HttpRequest, request_id: str) -> Origin:
    return Origin(
        source_ip=http.source_ip,
        user_agent=http.headers.get("user-agent", ""),
        secure=http.secure,
        request_id=request_id,
        referer=http.headers.get("referer"),
    )
