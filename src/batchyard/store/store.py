"""Open the database of a data directory: the lock, the file, its layout."""

import fcntl
import os
from pathlib import Path

from batchyard.store.migrations import migrate
from batchyard.store.sqlite import SqliteStore
from batchyard.store.writer import CommitHook

Store = SqliteStore


class DataDirectoryInUse(Exception):
    """Another server holds the data directory."""


class DirectoryLock:
    """One data directory has one server: a lock that ends with the process."""

    def __init__(self, directory: Path) -> None:
        self._descriptor = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._descriptor)
            raise DataDirectoryInUse(str(directory)) from None

    def release(self) -> None:
        os.close(self._descriptor)


def open_store(directory: Path, *, durable: bool, commit_hook: CommitHook | None = None) -> Store:
    """The store of `directory`, migrated to this version and ready for reads and writes.

    Raises `migrations.NewerDatabase` where a newer version wrote it.
    """
    store = SqliteStore(directory / "batchyard.db", durable=durable, commit_hook=commit_hook)
    with store.connect() as connection:
        migrate(connection)
    store.start()
    return store
