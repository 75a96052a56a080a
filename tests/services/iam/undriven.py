"""A system whose controllers run only when told to, and whose writes can be held: races in a chosen order."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from batchyard.app import App
from batchyard.config import Settings
from batchyard.framework.work import Key
from batchyard.identity.session import Call, Session
from batchyard.store.sqlite import SqliteStore

_numbers = itertools.count(700_000_000_000)


class Undriven:
    """An App that is not started: calls go in through `invoke`, controllers are stepped by hand."""

    def __init__(self) -> None:
        self.app = App(Settings(ephemeral=True, pace=0), check_results=True)
        self._gates: dict[threading.Thread, tuple[threading.Event, threading.Event]] = {}
        store = self.app.store
        store.write = self._gated(store.write)  # type: ignore[method-assign, assignment]
        store.write_whole = self._gated(store.write_whole)  # type: ignore[method-assign, assignment]

    def close(self) -> None:
        self.app.close()

    def account(self) -> Owner:
        """An account that nobody has used."""
        return Owner(self, f"{next(_numbers)}")

    def _gated(self, write: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def gated(function: Callable[[Any], Any]) -> Any:
            gate = self._gates.pop(threading.current_thread(), None)
            if gate is not None:
                reached, may_go = gate
                reached.set()
                assert may_go.wait(20)
            return write(function)

        return gated

    def begin(self, call: Callable[[], Any]) -> Begun:
        """Run `call` in a thread up to its write: validated and authorized on a snapshot, not yet written."""
        return Begun(self, call)

    @contextmanager
    def one_group(self) -> Iterator[None]:
        """What is queued within is written in one transaction, and committed at the end."""
        blocked, go = threading.Event(), threading.Event()

        def block(tx: Any) -> None:
            blocked.set()
            assert go.wait(20)

        holder = threading.Thread(target=self.app.store.write, args=(block,))
        holder.start()
        assert blocked.wait(20)
        try:
            yield
        finally:
            go.set()
            holder.join(20)

    def queued(self) -> int:
        """How many writes wait behind the open one."""
        assert isinstance(self.app.store, SqliteStore)
        return len(self.app.store.writer._of_threads)


class Begun:
    """A call that was admitted on its snapshot and waits before its write."""

    def __init__(self, undriven: Undriven, call: Callable[[], Any]) -> None:
        self._call = call
        self._reached, self._may_go = threading.Event(), threading.Event()
        self._outcome: Any = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        undriven._gates[self._thread] = (self._reached, self._may_go)
        self._thread.start()
        assert self._reached.wait(20)

    def _run(self) -> None:
        try:
            self._outcome = self._call()
        except Exception as error:
            self._outcome = error
        self._reached.set()

    def release(self) -> None:
        """Let it queue its write, and do not wait for it."""
        self._may_go.set()

    def finish(self) -> Any:
        """Let it write, and return what it answered."""
        self.release()
        self._thread.join(20)
        assert not self._thread.is_alive()
        if isinstance(self._outcome, Exception):
            raise self._outcome
        return self._outcome


class Owner:
    """The root of one account."""

    def __init__(self, undriven: Undriven, account: str) -> None:
        self.undriven = undriven
        self.app = undriven.app
        self.account = account

    def invoke(
        self,
        service: str,
        operation: str,
        *,
        region: str = "us-east-1",
        partition: str = "aws",
        **request: object,
    ) -> dict[str, Any]:
        """One call, as the root of the account in a partition."""
        arn = f"arn:{partition}:iam::{self.account}:root"
        root = Session("root", partition, self.account, arn, self.account, name="root")
        return self.app.gateway.invoke(root, Call(service, operation, request, region))

    def step(self, controller: str, name: str, *, region: str = "us-east-1", partition: str = "aws") -> None:
        """Let a controller look at one key once."""
        key = Key(controller, self.account, partition, region, name)
        driver = self.app.driver
        driver._controllers[controller].reconcile([key], driver._acting_as(key))
