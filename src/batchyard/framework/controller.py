"""What a controller is: it takes keys, compares intended with actual, and acts through the gateway."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Protocol, TypeVar

from batchyard.framework.clients import Clients
from batchyard.framework.context import schedule
from batchyard.framework.runtime import Runtime
from batchyard.framework.work import Key
from batchyard.store.transaction import Transaction

T = TypeVar("T")

CLOCKS_DIFFER_SECONDS = 1.0
"""What the past may seem to be in the future by, without the clock having been turned back."""


LONGEST_REFUSAL_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Again:
    """Come back to the key after `seconds`, if nobody asks sooner."""

    seconds: float


Outcome = Again | Mapping[Key, Again] | None
"""What becomes of the keys: all again, some again (each in its own time), or all done."""


class ActingAs(Protocol):
    """`acting_as(role_arn)`: clients bound to that role, assumed through the gateway as the service's principal.

    Assumes lazily, at the first call; a refused AssumeRole is raised as AccessDenied by that call. A service with
    `further_principals` may name one of them (EC2 launches for a fleet as spotfleet.amazonaws.com).
    `source_arn`: the resource for which it is done, as a trust policy may ask for it (aws:SourceArn).
    """

    def __call__(
        self, role_arn: str, *, principal: str | None = None, source_arn: str | None = None
    ) -> Clients: ...


class Controller:
    """Base of every controller; `reconcile` holds no transaction open across a gateway call."""

    name: ClassVar[str]
    """`batch.compute`: how `ctx.intend` and the work rows name it."""
    listens: ClassVar[Sequence[str]] = ()
    """Topics whose announcements wake it."""
    batch_size: ClassVar[int] = 1
    """How many keys of one grouping it takes at once."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime

    def reconcile(self, keys: Sequence[Key], acting_as: ActingAs) -> Outcome:
        """Bring what `keys` name (all of one account, Region and grouping) to what is intended.

        Raising means trying again with a growing delay; the exception is logged and counted.
        """
        raise NotImplementedError

    @property
    def now(self) -> datetime:
        """The injected clock's time."""
        return self.runtime.clock.now()

    @property
    def refused_seconds(self) -> float:
        """How long what a service refused is left alone, before it is tried whether somebody mended it."""
        pace = self.runtime.settings.pace
        return max(pace, min(LONGEST_REFUSAL_SECONDS, 10 * pace))

    def left(self, stay_seconds: float, since: datetime) -> float:
        """How many seconds of a stay are left that began at `since`; at most 0 when it is over.

        A stay that is yet to begin is over: the clock was turned back, and nobody knows by how much.
        """
        stayed = (self.now - since).total_seconds()
        return 0.0 if stayed < -CLOCKS_DIFFER_SECONDS else stay_seconds - stayed

    def read(self) -> AbstractContextManager[Transaction]:
        """A snapshot; close it before calling the gateway."""
        return self.runtime.store.read()

    def write(self, function: Callable[[Transaction], T]) -> T:
        """Run `function` on the writer and wait for the commit."""
        return self.runtime.store.write(function)

    def intend(self, tx: Transaction, key: Key, *, delay_seconds: float = 0) -> None:
        """Ask a controller (this or another of the same service) to look at `key`."""
        schedule(self.runtime, tx, key, delay_seconds=delay_seconds)

    def announce(self, tx: Transaction, topic: str, like: Key, name: str, *, grouping: str = "") -> None:
        """Wake the controllers that listen to `topic` in the account and Region of `like`."""
        for controller in self.runtime.topics.listening(topic):
            self.intend(tx, Key(controller, like.account, like.partition, like.region, name, grouping))

    def started(self) -> None:
        """Called once, before any key is driven: the place to take work in flight back."""

    def stopped(self) -> None:
        """Called once the last key is through, at the server's end: the place to end threads of its own."""

    def forgotten(self) -> None:
        """Called after a reset: the place to give others what the account held."""

    def details(self) -> dict[str, Any]:
        """What `/_batchyard/health?details=1` says of this controller."""
        return {}
