"""SQLite: WAL, one writer thread with group commit, and a snapshot connection for each reading thread."""

import contextlib
import logging
import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import NullPool

from batchyard.clock import monotonic
from batchyard.store.transaction import Transaction

_log = logging.getLogger(__name__)

T = TypeVar("T")

_Queued = tuple[Callable[[Transaction], Any], Future[Any] | None]
_Outcome = tuple[Future[Any], Any, BaseException | None]

GROUP_SECONDS = 0.002
"""How long a group of writes may grow before it is committed (DESIGN.md 3.1)."""

CommitHook = Callable[[int, str], None]
"""Called with the commit's number and `before` or `after`: lets a test end the process at a chosen commit."""


class WriteOpen(Exception):
    """The writer thread was asked to wait for itself: a gateway call with a write open, not by forward()."""


class SqliteStore:
    """One database file: `read` gives snapshots to any thread, `write` runs functions on the one writer."""

    def __init__(self, path: Path, *, durable: bool = True, commit_hook: CommitHook | None = None) -> None:
        self._engine = _engine(path, durable=durable)
        self._readers = threading.local()
        self._open_readers: list[Connection] = []
        self._readers_lock = threading.Lock()
        self._queue: queue.SimpleQueue[_Queued | None] = queue.SimpleQueue()
        self._commit_hook = commit_hook
        self._commits = 0
        self._writer = threading.Thread(target=self._run, name="writer", daemon=True)
        self._closed = False

    def start(self) -> None:
        """Begin to accept writes."""
        self._writer.start()

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """A snapshot: what was committed when it began, whatever happens meanwhile."""
        connection = self._reader()
        driver: Any = connection.connection.dbapi_connection
        nested = driver.in_transaction
        if not nested:
            driver.execute("BEGIN")
        try:
            yield Transaction(connection, writable=False)
        finally:
            if not nested:
                driver.execute("ROLLBACK")

    def write(self, function: Callable[[Transaction], T]) -> T:
        """Run `function` on the writer; returns its result, or raises its exception, once it is on disk."""
        return self.submit(function).result()

    def submit(self, function: Callable[[Transaction], T]) -> Future[T]:
        """Run `function` on the writer; the future is done once its changes are on disk."""
        if self.is_writer_thread():
            raise WriteOpen("a write is open on this thread: only ctx.forward() may call from here")
        future: Future[T] = Future()
        self._queue.put((function, future))
        return future

    def write_soon(self, function: Callable[[Transaction], Any]) -> None:
        """Run `function` on the writer some time; nobody waits for it, and a crash may lose it."""
        self._queue.put((function, None))

    def is_writer_thread(self) -> bool:
        """Is this the thread that holds the open write?"""
        return threading.current_thread() is self._writer

    def close(self) -> None:
        """Commit what is queued and close every connection."""
        if self._closed:
            return
        self._closed = True
        if self._writer.is_alive():
            self._queue.put(None)
            self._writer.join()
        with self._readers_lock:
            for connection in self._open_readers:
                with contextlib.suppress(Exception):
                    connection.close()
        self._engine.dispose()

    def connect(self) -> Connection:
        """A connection of its own, for migrations and for checks; the caller closes it."""
        return self._engine.connect()

    def _reader(self) -> Connection:
        connection: Connection | None = getattr(self._readers, "connection", None)
        if connection is None:
            connection = self._engine.connect()
            self._readers.connection = connection
            with self._readers_lock:
                self._open_readers.append(connection)
        return connection

    def _run(self) -> None:
        with self._engine.connect() as connection:
            driver: Any = connection.connection.dbapi_connection
            while (first := self._queue.get()) is not None:
                if self._commit_group(connection, driver, first):
                    return

    def _commit_group(self, connection: Connection, driver: Any, first: _Queued) -> bool:
        """Run `first` and what is queued behind it in one transaction; True where the end was queued, too."""
        driver.execute("BEGIN IMMEDIATE")
        transaction = Transaction(connection, writable=True)
        outcomes: list[_Outcome] = []
        deadline = monotonic() + GROUP_SECONDS
        queued: _Queued | None = first
        while queued is not None:
            self._run_one(transaction, queued, outcomes)
            if monotonic() >= deadline or self._queue.empty():
                break
            queued = self._queue.get_nowait()
        self._finish(driver, transaction, outcomes)
        return queued is None

    def _run_one(self, transaction: Transaction, queued: _Queued, outcomes: list[_Outcome]) -> None:
        function, future = queued
        try:
            with transaction.savepoint():
                result = function(transaction)
        except BaseException as error:
            if future is None:
                _log.exception("a write that nobody waits for failed")
            else:
                outcomes.append((future, None, error))
        else:
            if future is not None:
                outcomes.append((future, result, None))

    def _finish(self, driver: Any, transaction: Transaction, outcomes: list[_Outcome]) -> None:
        failure = self._commit(driver)
        if failure is None:
            for callback in transaction.take_callbacks():
                try:
                    callback()
                except Exception:
                    _log.exception("a callback after a commit failed")
        for future, result, error in outcomes:
            if failure is not None or error is not None:
                future.set_exception(failure or error)
            else:
                future.set_result(result)

    def _commit(self, driver: Any) -> BaseException | None:
        """Commit; where that fails, nothing of the group happened, and everyone who waits is told so."""
        self._commits += 1
        try:
            if self._commit_hook:
                self._commit_hook(self._commits, "before")
            driver.execute("COMMIT")
            if self._commit_hook:
                self._commit_hook(self._commits, "after")
        except BaseException as failure:
            _log.exception("a commit failed")
            with contextlib.suppress(Exception):
                driver.execute("ROLLBACK")
            return failure
        return None


def _engine(path: Path, *, durable: bool) -> Engine:
    engine = create_engine(
        f"sqlite:///{path}",
        isolation_level="AUTOCOMMIT",
        poolclass=NullPool,
        connect_args={"check_same_thread": False, "timeout": 30, "cached_statements": 512},
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'OFF'}")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA cache_size=-16000")
        connection.execute("PRAGMA wal_autocheckpoint=4000")

    return engine
