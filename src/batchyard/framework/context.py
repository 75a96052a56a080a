"""What an operation's function holds: the call, its caller, the transaction, and the ways to cause more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from batchyard.framework import work
from batchyard.framework.clients import Clients
from batchyard.framework.effort import Effort
from batchyard.framework.errors import AccessDenied
from batchyard.framework.runtime import Runtime
from batchyard.framework.work import Key
from batchyard.identity.session import Call, Session
from batchyard.store.transaction import ReadOnly, Transaction

if TYPE_CHECKING:
    from batchyard.framework.service import Service

Forward = Callable[["Context"], Clients]


class Context:
    """One call, inside. `read` is always there; `write` only in operations declared with writes=True."""

    __slots__ = (
        "_effort",
        "_forward",
        "_tx",
        "account",
        "call",
        "denied",
        "identity",
        "nested_events",
        "noted_resources",
        "now",
        "partition",
        "region",
        "runtime",
        "service",
        "session",
    )

    def __init__(
        self,
        runtime: Runtime,
        service: Service,
        session: Session,
        call: Call,
        tx: Transaction,
        *,
        now: datetime,
        forward: Forward,
    ) -> None:
        self.runtime = runtime
        self.service = service
        self.session = session
        self.call = call
        self.account = session.account
        self.partition = session.partition
        self.region = call.region
        self.now = now
        self._tx = tx
        self._forward = forward
        self._effort: Effort | None = None
        self.nested_events: list[object] = []
        self.noted_resources: list[str] = []
        self.identity: dict[str, str] | None = None
        self.denied: dict[str, AccessDenied] = {}
        """By resource, in operations that are authorized one by one."""

    @property
    def request_id(self) -> str:
        """The id that the answer carries."""
        return self.call.origin.request_id

    @property
    def read(self) -> Transaction:
        """The snapshot of a reading operation; in a writing operation, the open write."""
        return self._tx

    @property
    def write(self) -> Transaction:
        """The open write; raises in an operation that was not declared with writes=True."""
        if not self._tx.writable:
            raise ReadOnly(f"{self.call.operation} is not declared with writes=True")
        return self._tx

    @property
    def effort(self) -> Effort:
        """What this call has counted of its work."""
        if self._effort is None:
            origin = self.call.origin
            can_begin_again = not self._tx.writable
            self._effort = Effort(
                bounded=origin.outside,
                may_wait=origin.may_wait and can_begin_again,
                changes_nothing_yet=can_begin_again,
            )
        return self._effort

    def forward(self) -> Clients:
        """Clients that act as this call's caller, carried on by this service (forward access session).

        In a writing operation the forwarded call nests in the open write, as a savepoint.
        """
        return self._forward(self)

    def note_resource(self, arn: str) -> None:
        """Name a resource that the call made or touched, beside those it was checked on, for the audit."""
        self.noted_resources.append(arn)

    def note_identity(self, identity: dict[str, str]) -> None:
        """Tell the audit who an anonymous caller is, as an identity provider says: CloudTrail's userIdentity."""
        self.identity = identity

    def enter(self, tx: Transaction) -> None:
        """Go on in the open write; for the gateway alone."""
        self._tx = tx
        if self._effort is not None:
            self._effort.begin_to_change()

    def intend(
        self, controller: str, name: str, *, grouping: str = "", delay_seconds: float = 0, region: str = ""
    ) -> None:
        """Ask a controller to look at `name` in this account and Region, once the change is committed."""
        key = Key(controller, self.account, self.partition, region or self.region, name, grouping)
        schedule(self.runtime, self._tx, key, delay_seconds=delay_seconds)

    def announce(self, topic: str, name: str, *, grouping: str = "") -> None:
        """Wake the controllers that listen to `topic`, each with the key `name`."""
        for controller in self.runtime.topics.listening(topic):
            self.intend(controller, name, grouping=grouping)


def schedule(runtime: Runtime, tx: Transaction, key: Key, *, delay_seconds: float = 0) -> None:
    """Write work for a controller and tell the driver after the commit.

    The clock is read here, where writes wait for each other: a moment that was read before may be of a clock that was
    turned back since, and would be brought forward by nobody.
    """
    not_before = runtime.clock.now() + timedelta(seconds=delay_seconds)
    if work.intend(tx, key, not_before=not_before, epoch=runtime.epochs.of(key.account)):
        tx.after_commit(lambda: runtime.wake([(key, not_before)]))
