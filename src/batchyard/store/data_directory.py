"""Can a data directory be used? Looks without changing anything: for `serve` before it begins, and for `doctor`."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from batchyard.clock import monotonic
from batchyard.store.failures import (
    CorruptDatabase,
    DamagedKey,
    DataDirectoryInUse,
    DiskFull,
    NewerDatabase,
    NotWritable,
    of_database,
)
from batchyard.store.migrations import numbered

DATABASE = "batchyard.db"
LOCK = "lock"
KEY = "key"
KEY_BYTES = 32
KEY_FILE_BYTES = (KEY_BYTES, 2 * KEY_BYTES)
"""The key; while it is being changed, the new key and then the old key."""
NEEDED_BYTES = 16 * 1024 * 1024
"""What the write-ahead log may grow to before SQLite empties it (sqlite.py: wal_autocheckpoint)."""
LONGEST_CHECK_SECONDS = 0.5
"""How long the database is read for damage; a large database is read in part."""


def look(directory: Path) -> None:
    """Raise the first of `failures` that keeps a server from using the directory."""
    look_for_access(directory)
    look_for_server(directory)
    look_for_space(directory)
    look_at_database(directory)
    look_for_key(directory)


def look_for_access(directory: Path) -> None:
    """Raise NotWritable where it, or the folder that it would be made in, cannot be written."""
    place = _nearest(directory)
    if not place.is_dir():
        raise NotWritable(place, "not a directory")
    if not os.access(place, os.R_OK | os.W_OK | os.X_OK):
        raise NotWritable(place, "permission denied")
    for name in (DATABASE, LOCK, KEY):
        if (directory / name).exists() and not os.access(directory / name, os.R_OK | os.W_OK):
            raise NotWritable(directory / name, "permission denied")


def look_for_server(directory: Path) -> None:
    """Raise DataDirectoryInUse where a running server holds it."""
    try:
        descriptor = os.open(directory / LOCK, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise DataDirectoryInUse(directory) from None
    finally:
        os.close(descriptor)


def look_for_space(directory: Path) -> int:
    """The bytes that are free; raises DiskFull where they do not suffice to begin."""
    found = os.statvfs(_nearest(directory))
    free = found.f_bavail * found.f_frsize
    if free < NEEDED_BYTES:
        raise DiskFull(directory, free, NEEDED_BYTES)
    return free


def look_at_database(directory: Path) -> int | None:
    """The layout of the database, None where there is none; raises CorruptDatabase, NewerDatabase."""
    path = directory / DATABASE
    if not path.exists():
        return None
    try:
        with reading(directory) as connection:
            layout: int = connection.execute("PRAGMA user_version").fetchone()[0]
            newest = numbered()[-1][0]
            if layout > newest:
                raise NewerDatabase(layout, newest)
            _look_for_damage(connection, path)
    except sqlite3.Error as error:
        raise of_database(error, path) or error from error
    return layout


def look_for_key(directory: Path) -> None:
    """Raise DamagedKey where a database is there and the key that its secrets are encrypted under is not.

    A server makes the key before the database, so this is no half-made directory.
    """
    path = directory / KEY
    if (directory / DATABASE).exists() and (not path.exists() or path.stat().st_size not in KEY_FILE_BYTES):
        raise DamagedKey(path)


@contextmanager
def reading(directory: Path) -> Iterator[sqlite3.Connection]:
    """A connection that only reads the database, beside a running server or alone."""
    uri = (directory / DATABASE).absolute().as_uri()
    with closing(sqlite3.connect(f"{uri}?mode=ro", uri=True)) as connection:
        yield connection


def _look_for_damage(connection: sqlite3.Connection, path: Path) -> None:
    deadline = monotonic() + LONGEST_CHECK_SECONDS
    connection.set_progress_handler(lambda: monotonic() > deadline, 10_000)
    try:
        for (found,) in connection.execute("PRAGMA quick_check(1000000000)"):
            # SQLite 3.40 takes sound rows of tables without rowid for NULLs, where the key is not the first columns.
            if found != "ok" and not found.startswith("NULL value in "):
                reason = found.removeprefix("*** in database main ***")
                raise CorruptDatabase(path, " ".join(reason.lower().split()))
    except sqlite3.OperationalError as error:
        if error.sqlite_errorname != "SQLITE_INTERRUPT":
            raise


def _nearest(directory: Path) -> Path:
    """The directory, or the nearest one above it that is there."""
    place = directory.absolute()
    while not place.exists() and place != place.parent:
        place = place.parent
    return place
