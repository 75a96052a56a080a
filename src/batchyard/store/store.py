"""What a store is, and how that of a data directory is opened: the lock, the file, its layout."""

from __future__ import annotations

import asyncio
import fcntl
import os
import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol, TypeVar

from sqlalchemy.exc import DBAPIError

from batchyard.store.data_directory import DATABASE, LOCK
from batchyard.store.failures import DataDirectoryInUse, of_database
from batchyard.store.migrations import migrate
from batchyard.store.sqlite import SqliteStore
from batchyard.store.transaction import Transaction
from batchyard.store.writer import CommitHook

T = TypeVar("T")


class Store(Protocol):
    """One database: snapshots for any thread, and writes, one after the other.

    A write that was answered is there after a crash. Each sees what those before it did.
    """

    def read(self) -> AbstractContextManager[Transaction]:
        """A snapshot: what was committed at its first statement, whatever happens meanwhile.

        One within another on the same thread is the same snapshot.
        """

    def write(self, function: Callable[[Transaction], T]) -> T:
        """Run `function` in a write; returns its result, or raises its exception, once it is on disk.

        Where it raises, what it did is undone, and only that.
        """

    def write_whole(self, function: Callable[[Transaction], T]) -> T:
        """`write` for a function that undoes by itself what it did where it fails (saves a savepoint).

        A function that raises all the same undoes everything that shares its commit.
        """

    def write_async(self, function: Callable[[Transaction], T]) -> asyncio.Future[T]:
        """`write_whole` on the running loop, whose thread runs the function; the future is done once it is on disk."""

    def write_soon(self, function: Callable[[Transaction], Any]) -> None:
        """Run `function` in a write within some milliseconds; nobody waits for it, and a crash may lose it."""

    def close(self) -> None:
        """Commit what is queued and let go of the database; closing again does nothing."""


class DirectoryLock:
    """One data directory has one server: a lock that ends with the process."""

    def __init__(self, directory: Path) -> None:
        self._descriptor = os.open(directory / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._descriptor)
            raise DataDirectoryInUse(directory) from None

    def release(self) -> None:
        os.close(self._descriptor)


def open_store(
    directory: Path,
    *,
    durable: bool,
    commit_hook: CommitHook | None = None,
    remembered: dict[object, object] | None = None,
) -> Store:
    """The store of `directory`, migrated to this version and ready for reads and writes.

    Raises one of `failures` where the file cannot be used.
    """
    store = SqliteStore(directory / DATABASE, durable=durable, commit_hook=commit_hook, remembered=remembered)
    try:
        with store.connect() as connection:
            migrate(connection)
        store.start()
    except (sqlite3.Error, DBAPIError) as error:
        store.close()
        raise of_database(error, directory / DATABASE) or error from error
    except BaseException:
        store.close()
        raise
    return store
