"""SQLite: WAL, one writing connection with group commit, and a snapshot connection for each reading thread."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import NullPool

from batchyard import private_files
from batchyard.store.transaction import Snapshot, Transaction
from batchyard.store.writer import CommitHook, Writer

T = TypeVar("T")


class SqliteStore:
    """One database file: `read` gives snapshots to any thread, `write` runs functions one after the other."""

    def __init__(
        self,
        path: Path,
        *,
        durable: bool = True,
        commit_hook: CommitHook | None = None,
        remembered: dict[object, object] | None = None,
    ) -> None:
        """`remembered`: where `Transaction.remember` keeps what was committed; it is this process's alone."""
        self._engine = _engine(path, durable=durable)
        self._readers = threading.local()
        self._open_readers: list[Connection] = []
        self._readers_lock = threading.Lock()
        self._commit_hook = commit_hook
        # Without a disk to wait for, a commit takes less than handing it over.
        self._inline = not durable
        self._remembered = {} if remembered is None else remembered
        self._writer: Writer | None = None
        self._closed = False

    def start(self) -> None:
        """Begin to accept writes."""
        self._writer = Writer(
            self._engine.connect(),
            remembered=self._remembered,
            commit_hook=self._commit_hook,
            inline=self._inline,
        )
        self._writer.start()

    @property
    def writer(self) -> Writer:
        """Whose turn it is to write."""
        if self._writer is None:
            raise RuntimeError("the store was not started")
        return self._writer

    def read(self) -> AbstractContextManager[Transaction]:
        """As `Store.read`."""
        open_already: Snapshot | None = getattr(self._readers, "snapshot", None)
        if open_already is not None:
            return nullcontext(open_already)
        return Snapshot(self._reader(), self._readers, remembered=self._remembered)

    def write(self, function: Callable[[Transaction], T]) -> T:
        """As `Store.write`."""
        return self.writer.write(function, guarded=True)

    def write_whole(self, function: Callable[[Transaction], T]) -> T:
        """As `Store.write_whole`."""
        return self.writer.write(function, guarded=False)

    def write_async(self, function: Callable[[Transaction], T]) -> asyncio.Future[T]:
        """As `Store.write_async`."""
        return self.writer.write_async(function)

    def write_soon(self, function: Callable[[Transaction], Any]) -> None:
        """As `Store.write_soon`."""
        self.writer.write_soon(function, guarded=True)

    def close(self) -> None:
        """Commit what is queued and close every connection."""
        if self._closed:
            return
        self._closed = True
        if self._writer is not None:
            self._writer.close()
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


def _engine(path: Path, *, durable: bool) -> Engine:
    # SQLite gives its log and its index the mode of the database.
    with open(path, "ab", opener=private_files.opener):
        pass
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
