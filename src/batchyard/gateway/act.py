"""One call on its way through the gateway: opened, admitted, done, closed. Every call takes these steps, and no other.

An act has its audit event from the first step on; whatever becomes of the call, whoever drives the act writes it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from batchyard import ids
from batchyard.audit.event import Event
from batchyard.clock import microseconds
from batchyard.data.documented_defaults import documented_defaults
from batchyard.framework.context import Context, Forward
from batchyard.framework.errors import AccessDenied, ApiError, NotBuilt
from batchyard.framework.operation import OperationEntry
from batchyard.framework.reserved_tags import is_of_aws, reserved_place
from batchyard.framework.runtime import Runtime
from batchyard.gateway import answers
from batchyard.gateway.authorize import Authorizer
from batchyard.gateway.denial import ended
from batchyard.gateway.pending import Outcome
from batchyard.identity.session import Call, Session
from batchyard.store.transaction import Transaction
from batchyard.wire import model as wire_model
from batchyard.wire import protocols
from batchyard.wire.model import Operation
from batchyard.wire.validate import refusal, validate


class Opener:
    """Opens acts: knows the services, who authorizes, and whether results are held against the model."""

    def __init__(self, runtime: Runtime, authorizer: Authorizer, *, check_results: bool) -> None:
        self._runtime = runtime
        self._authorizer = authorizer
        self._check_results = check_results

    def open(self, session: Session, call: Call, tx: Transaction, forward: Forward) -> Act:
        """An act on `tx`, with its event begun. Raises NotBuilt where the operation has no function here."""
        service = self._runtime.services[call.service]
        operation = wire_model.load(call.service).operations[call.operation]
        entry = service.operations.get(operation.snake_name)
        if entry is None:
            raise NotBuilt(f"the operation {service.title} {call.operation}")
        now = self._runtime.clock.now()
        ctx = Context(self._runtime, service, session, call, tx, now=now, forward=forward)
        return Act(ctx, entry, operation, authorizer=self._authorizer, check_results=self._check_results)


class Act:
    """One call. `events` are its own and those of the calls that it carried on, in the order they ended."""

    __slots__ = ("_authorizer", "_check_results", "ctx", "entry", "event", "operation")

    def __init__(
        self,
        ctx: Context,
        entry: OperationEntry,
        operation: Operation,
        *,
        authorizer: Authorizer,
        check_results: bool,
    ) -> None:
        self.ctx = ctx
        self.entry = entry
        self.operation = operation
        self.event = _event(ctx, entry)
        self._authorizer = authorizer
        self._check_results = check_results

    @property
    def events(self) -> list[Event]:
        """What the audit is to write."""
        nested: list[Any] = self.ctx.nested_events
        return [*nested, self.event]

    def admit(self) -> None:
        """Validate, authorize, and refuse what is not honoured; in that order (docs/decisions/0001)."""
        call = self.ctx.call
        problems = validate(self.operation, call.request)
        if problems:
            reply = refusal(call.service, problems)
            raise ApiError(reply.code, reply.message, status=reply.status, members=reply.members)
        self.event.decision, self.event.resources = self._authorizer.check(self.ctx, self.entry)
        self._refuse_reserved_tags()
        member = self.entry.refused_member(call.request, documented_defaults(call.service, call.operation))
        if member is not None:
            raise NotBuilt(f"the parameter {member} of {call.operation}")

    def _refuse_reserved_tags(self) -> None:
        if self.entry.takes_reserved_tags or is_of_aws(self.ctx.session):
            return
        path = reserved_place(self.operation, self.ctx.call.request)
        if path is not None:
            raise self.ctx.service.reserved_tag(self.ctx, path)

    def perform(self) -> dict[str, Any]:
        """The operation's function, for a write within a savepoint; raises what it raises, with nothing changed."""
        if self.entry.writes:
            # A reset may have come between the admission and the write.
            if self.ctx.session.epoch != self.ctx.runtime.epochs.of(self.ctx.account):
                raise ended(self.ctx.call.service)
            with self.ctx.write.savepoint():
                result = self._result()
        else:
            result = self._result()
        noted = self.ctx.noted_resources
        if noted:
            self.event.resources = list(dict.fromkeys([*self.event.resources, *noted]))
        self.event.identity = self.ctx.identity
        self.event.response = result if self.entry.writes or self.entry.read_only is not None else None
        return result

    def conclude(self, step: Callable[[], dict[str, Any]]) -> Outcome:
        """What `step` returned or raised, closed either way."""
        try:
            return step()
        except Exception as error:
            self.fail(error)
            return error

    def whole(self) -> dict[str, Any]:
        """Admitted and done, on the transaction that it was opened on."""
        self.admit()
        return self.perform()

    def fail(self, error: Exception) -> None:
        """Close the event with the error; an error that is a bug of ours is told as the caller sees it."""
        known = error if isinstance(error, ApiError) else answers.FAILURE
        self.event.identity = self.ctx.identity
        self.event.error_code = known.code
        self.event.error_message = known.message
        if isinstance(error, AccessDenied) and error.decision is not None:
            self.event.decision = [error.decision]

    def _result(self) -> dict[str, Any]:
        result = dict(self.entry.function(self.ctx, self.ctx.call.request) or {})
        if self._check_results:
            _check(self.operation, result)
        return result


def _event(ctx: Context, entry: OperationEntry) -> Event:
    origin = ctx.call.origin
    return Event(
        caller=ctx.session,
        event_id=ids.uuid7(microseconds(ctx.now)),
        event_time=ctx.now,
        region=answers.event_region(ctx.service, ctx.session, ctx.call),
        source=f"{ctx.service.prefix}.amazonaws.com",
        name=ctx.call.operation,
        read_only=not entry.writes if entry.read_only is None else entry.read_only,
        request_id=origin.request_id,
        source_ip=origin.source_ip,
        user_agent=origin.user_agent,
        request=ctx.call.request,
    )


def _check(operation: Operation, result: Mapping[str, Any]) -> None:
    """In tests: a result that the model does not describe is a bug of ours, not an answer."""
    problems = protocols.unknown_members(operation, result)
    if problems:
        raise AssertionError(f"{operation.name} answers what its model does not have: {problems}")
