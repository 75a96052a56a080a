"""Why a data directory cannot be used: each a sentence for who started the command, and advice where there is some."""

from __future__ import annotations

import errno
import pwd
import sqlite3
from pathlib import Path

from batchyard.private_files import mode_text


class Unusable(Exception):
    """The data directory cannot be used, and was left as it was. Its text is a sentence."""

    def __init__(self, sentence: str, *, advice: str = "") -> None:
        super().__init__(sentence)
        self.advice = advice


class DataDirectoryInUse(Unusable):
    """Another process holds the data directory."""

    def __init__(self, directory: Path) -> None:
        advice = "end that server first, or choose another directory with `--data-dir`"
        super().__init__(f"the data directory `{directory}` is in use by a running server", advice=advice)


class NotWritable(Unusable):
    """Files cannot be made or changed there."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"the data directory cannot be written: `{path}`: {reason.lower()}",
            advice="choose another directory with `--data-dir`",
        )


class OfAnotherUser(Unusable):
    """The directory, or something in it, is another user's, who could change what we read there."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"`{path}` belongs to another user ({_user_name(path)})",
            advice="start the command as that user, or choose another `--data-dir`: a missing directory is made",
        )


class NotPrivate(Unusable):
    """Others may open it, and it is not ours to close."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"others may open `{path}` (mode {mode_text(path)}): {reason}",
            advice="choose a directory for Batchyard alone with `--data-dir`, or close this directory by `chmod`",
        )


class DiskFull(Unusable):
    """Too little space is left on its disk."""

    def __init__(self, directory: Path, free: int | None = None, needed: int = 0) -> None:
        left = (
            ""
            if free is None
            else f": {free / 2**20:.1f} MiB are free, and {needed >> 20} are needed to start"
        )
        super().__init__(f"the disk of the data directory `{directory}` is full{left}")


class CorruptDatabase(Unusable):
    """The database file is damaged, or something else."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"the database `{path}` is corrupt: {reason}",
            advice="move it away and put a backup in its place; an empty directory begins anew",
        )


class NewerDatabase(Unusable):
    """The database was written by a newer version of Batchyard."""

    def __init__(self, at: int, newest: int) -> None:
        super().__init__(
            "the data directory was written by a newer version: "
            f"its layout is {at}, and {newest} is the newest that this version knows",
            advice="install that version again, or choose another directory with `--data-dir`",
        )


class DamagedKey(Unusable):
    """The key file is not one of ours, or is gone while the database that it belongs to is there."""

    def __init__(self, path: Path) -> None:
        state = "damaged" if path.exists() else "missing"
        super().__init__(
            f"the key file `{path}` is {state}: what was encrypted under it cannot be read",
            advice="put a backup in its place",
        )


def of_database(error: Exception, path: Path) -> Unusable | None:
    """What an error of SQLite's (or SQLAlchemy's around it) means for the file; None for a fault of ours."""
    found = error if isinstance(error, sqlite3.Error) else getattr(error, "orig", None)
    name = getattr(found, "sqlite_errorname", "")
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return CorruptDatabase(path, str(found))
    if name.startswith("SQLITE_FULL"):
        return DiskFull(path.parent)
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_IOERR")):
        return NotWritable(path, str(found))
    return None


def of_system(error: OSError, directory: Path) -> Unusable | None:
    """What a refused system call means for the directory; None for a fault of ours."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(directory)
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EFBIG, errno.EIO):
        return NotWritable(Path(error.filename or directory), error.strerror or str(error))
    return None


def _user_name(path: Path) -> str:
    number = path.stat().st_uid
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)
