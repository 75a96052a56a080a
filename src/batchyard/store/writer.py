"""The one writing connection and whose turn it is: group commit without a thread of its own for the functions.

Writes queue. The server's loop runs its own queue on its own thread, at the end of a turn of the loop, and leaves
only the COMMIT to another thread; any other thread that finds the connection free runs everything that is queued,
its own write among it, and commits. So no write hands the interpreter from thread to thread at each statement, which
costs several times the statement (docs/decisions/0010).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import queue
import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Connection

from batchyard.clock import monotonic
from batchyard.store.transaction import Transaction

_log = logging.getLogger(__name__)

T = TypeVar("T")

GROUP_SECONDS = 0.002
"""How long the functions of one group may run before it is committed (docs/decisions/0000)."""
SOON_SECONDS = 0.005
"""How long a write that nobody waits for may wait for others to share its commit."""

CommitHook = Callable[[int, str], None]
"""Called with the commit's number and `before` or `after`: lets a test end the process at a chosen commit."""


class WriteOpen(Exception):
    """A thread within a write was asked to wait for another: a gateway call with a write open, not by forward()."""


class Undone(Exception):
    """The group that a write shared was rolled back, because of another write in it or because it could not commit."""


class Queued:
    """One write: before, a function; after, its result or its error."""

    __slots__ = ("error", "function", "future", "guarded", "result", "settled", "waited_for")

    def __init__(self, function: Callable[[Transaction], Any], *, guarded: bool, waited_for: bool) -> None:
        self.function = function
        self.guarded = guarded
        self.waited_for = waited_for
        self.future: asyncio.Future[Any] | None = None
        self.result: Any = None
        self.error: BaseException | None = None
        self.settled = False


class Writer:
    """Runs queued functions in groups, each in one transaction of `connection`, which it closes at the end.

    `inline` commits on the loop's thread, too: for a database that waits for no disk.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        remembered: dict[object, object],
        commit_hook: CommitHook | None,
        inline: bool,
    ) -> None:
        self.remembered = remembered
        self._connection = connection
        self._driver: Any = connection.connection.dbapi_connection
        self._commit_hook = commit_hook
        self._inline = inline
        self._commits = 0
        self._turn = threading.Lock()
        self._running_on = 0
        self._of_threads: deque[Queued] = deque()
        self._of_loop: deque[Queued] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._loop_thread = 0
        self._scheduled = False
        self._scheduled_soon = False
        self._to_commit: queue.SimpleQueue[_Group | None] = queue.SimpleQueue()
        self._soon = threading.Event()
        self._closing = threading.Event()
        self._committer = threading.Thread(target=self._commit_groups, name="committer", daemon=True)
        self._sooner = threading.Thread(target=self._write_what_nobody_waits_for, name="soon", daemon=True)

    def start(self) -> None:
        """Begin to accept writes."""
        self._committer.start()
        self._sooner.start()

    def is_running_here(self) -> bool:
        """Is this the thread that runs a write now?"""
        return self._running_on == threading.get_ident()

    def write(self, function: Callable[[Transaction], T], *, guarded: bool) -> T:
        """Run `function` and wait until it is on disk; returns its result or raises its error."""
        if self.is_running_here():
            raise WriteOpen("a write is open on this thread: only ctx.forward() may call from here")
        queued = Queued(function, guarded=guarded, waited_for=True)
        self._of_threads.append(queued)
        with self._turn:
            while not queued.settled:
                self._lead()
        self._look_again()
        if queued.error is not None:
            raise queued.error
        result: T = queued.result
        return result

    def write_async(self, function: Callable[[Transaction], T]) -> asyncio.Future[T]:
        """The same on the running loop's thread; `function` undoes by itself what it did where it fails."""
        loop = self._attach()
        queued = Queued(function, guarded=False, waited_for=True)
        queued.future = loop.create_future()
        self._of_loop.append(queued)
        if not self._scheduled:
            self._scheduled = True
            loop.call_soon(self._drain)
        return queued.future

    def write_soon(self, function: Callable[[Transaction], Any], *, guarded: bool) -> None:
        """Run `function` some time; nobody waits for it, and a crash may lose it."""
        queued = Queued(function, guarded=guarded, waited_for=False)
        if self._loop is not None and threading.get_ident() == self._loop_thread:
            self._of_loop.append(queued)
            if not (self._scheduled or self._scheduled_soon):
                self._scheduled_soon = True
                self._loop.call_later(SOON_SECONDS, self._drain_soon)
        else:
            self._of_threads.append(queued)
            self._soon.set()

    def close(self) -> None:
        """Write what is queued and end the threads."""
        self._closing.set()
        self._soon.set()
        self._to_commit.put(None)
        for thread in (self._committer, self._sooner):
            if thread.is_alive():
                thread.join()
        with self._turn:
            while self._of_threads or self._of_loop:
                self._lead()
            self._connection.close()

    def _attach(self) -> asyncio.AbstractEventLoop:
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop = loop
            self._loop_thread = threading.get_ident()
        return loop

    def _drain_soon(self) -> None:
        self._scheduled_soon = False
        self._drain()

    def _drain(self) -> None:
        """On the loop: run its queue where the connection is free; who holds it looks again when it is through."""
        self._scheduled = False
        if not self._of_loop or not self._turn.acquire(blocking=False):
            return
        group = self._run(self._of_loop)
        if self._inline:
            self._commit(group)
            self._turn.release()
            self._settle(group.of_loop)
            self._look_again()
        else:
            self._to_commit.put(group)

    def _settle(self, of_loop: list[Queued]) -> None:
        """On the loop: tell those that wait."""
        for queued in of_loop:
            future = queued.future
            if future is None or future.done():
                continue
            if queued.error is not None:
                future.set_exception(queued.error)
            else:
                future.set_result(queued.result)

    def _settle_and_drain(self, of_loop: list[Queued]) -> None:
        self._settle(of_loop)
        self._drain()

    def _lead(self) -> None:
        """With the turn: run one group of all that is queued, and commit it here."""
        group = self._run(self._of_threads, self._of_loop)
        self._commit(group)
        if group.of_loop:
            self._on_loop(self._settle, group.of_loop)

    def _look_again(self) -> None:
        """After the turn was given back: the loop may have found it taken."""
        if self._of_loop and not self._scheduled:
            self._on_loop(self._drain)

    def _on_loop(self, callback: Callable[..., None], *arguments: Any) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended: nobody waits there any more
            if self._loop is not None:
                self._loop.call_soon_threadsafe(callback, *arguments)

    def _commit_groups(self) -> None:
        while (group := self._to_commit.get()) is not None:
            self._commit(group)
            self._turn.release()
            self._on_loop(self._settle_and_drain, group.of_loop)

    def _write_what_nobody_waits_for(self) -> None:
        while not self._closing.is_set():
            self._soon.wait()
            self._soon.clear()
            self._closing.wait(SOON_SECONDS)
            with self._turn:
                while self._of_threads:
                    self._lead()
            self._look_again()

    def _run(self, *queues: deque[Queued]) -> _Group:
        """Run what is queued, in one open transaction, until nothing is left or the group is old enough."""
        transaction = Transaction(self._connection, writable=True, remembered=self.remembered)
        group = _Group(transaction)
        deadline = monotonic() + GROUP_SECONDS
        self._running_on = threading.get_ident()
        try:
            self._driver.execute("BEGIN IMMEDIATE")
            for one in queues:
                while one and group.failure is None:
                    queued = one.popleft()
                    group.add(queued)
                    self._run_one(transaction, queued, group)
                    if monotonic() >= deadline:
                        break
            if group.failure is None:
                transaction.flush()
        except BaseException as error:
            group.failure = error
            for one in queues:
                while one:
                    group.add(one.popleft())
        finally:
            self._running_on = 0
        return group

    def _run_one(self, transaction: Transaction, queued: Queued, group: _Group) -> None:
        try:
            if queued.guarded:
                with transaction.savepoint():
                    queued.result = queued.function(transaction)
            else:
                queued.result = queued.function(transaction)
        except BaseException as error:
            queued.error = error
            if not queued.guarded:
                group.failure = error
            if not queued.waited_for:
                _log.error("a write that nobody waits for failed", exc_info=error)
        if not self._driver.in_transaction and group.failure is None:
            # A full disk makes SQLite end the whole transaction by itself.
            group.failure = queued.error or sqlite3.OperationalError(
                "the transaction was ended by the database"
            )

    def _commit(self, group: _Group) -> None:
        """Commit; where that fails, nothing of the group happened, and everyone who waits is told so."""
        if group.failure is None:
            group.failure = self._commit_transaction()
        if group.failure is not None:
            _log.error("a group of writes was rolled back", exc_info=group.failure)
            if self._driver.in_transaction:
                with contextlib.suppress(Exception):
                    self._driver.execute("ROLLBACK")
        else:
            _run_callbacks(group.transaction)
        group.end()

    def _commit_transaction(self) -> BaseException | None:
        self._commits += 1
        try:
            if self._commit_hook:
                self._commit_hook(self._commits, "before")
            self._driver.execute("COMMIT")
            if self._commit_hook:
                self._commit_hook(self._commits, "after")
        except BaseException as failure:
            return failure
        return None


class _Group:
    """The writes of one transaction."""

    __slots__ = ("failure", "of_loop", "of_threads", "transaction")

    def __init__(self, transaction: Transaction) -> None:
        self.transaction = transaction
        self.of_loop: list[Queued] = []
        self.of_threads: list[Queued] = []
        self.failure: BaseException | None = None

    def add(self, queued: Queued) -> None:
        (self.of_threads if queued.future is None else self.of_loop).append(queued)

    def end(self) -> None:
        """Give each its error where nothing was committed, and let those on threads go on."""
        for queued in (*self.of_loop, *self.of_threads):
            if self.failure is not None and queued.error is None:
                queued.error = Undone(f"rolled back with its group: {self.failure}")
                queued.error.__cause__ = self.failure
            queued.settled = True


def _run_callbacks(transaction: Transaction) -> None:
    for callback in transaction.take_callbacks():
        try:
            callback()
        except Exception:
            _log.exception("a callback after a commit failed")
