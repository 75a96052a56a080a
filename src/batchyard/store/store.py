"""Open the database of a data directory: the lock, the file, its layout."""

import fcntl
import os
import sqlite3
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from batchyard.store.data_directory import DATABASE, LOCK
from batchyard.store.failures import DataDirectoryInUse, of_database
from batchyard.store.migrations import migrate
from batchyard.store.sqlite import SqliteStore
from batchyard.store.writer import CommitHook

Store = SqliteStore


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


def open_store(directory: Path, *, durable: bool, commit_hook: CommitHook | None = None) -> Store:
    """The store of `directory`, migrated to this version and ready for reads and writes.

    Raises one of `failures` where the file cannot be used.
    """
    store = SqliteStore(directory / DATABASE, durable=durable, commit_hook=commit_hook)
    try:
        with store.connect() as connection:
            migrate(connection)
    except (sqlite3.Error, DBAPIError) as error:
        store.close()
        raise of_database(error, directory / DATABASE) or error from error
    store.start()
    return store
