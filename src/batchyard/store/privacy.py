"""Is a data directory its user's alone? What is ours is closed to others; what is not ours is refused.

PostgreSQL refuses a directory of another owner or with other bits than 0700 or 0750 (its `checkDataDir`); here the
bits are mended, as they come from a umask more often than from a will (docs/decisions/0028).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from batchyard import private_files
from batchyard.store.data_directory import DATABASE, KEY
from batchyard.store.failures import NotPrivate, OfAnotherUser

IDENTITY_KEYS = "identity-keys"
_LOST_AND_FOUND = "lost+found"
"""What the root of a file system has of its own."""

Opened = Iterator[tuple[Path, int]]


def look(directory: Path, identity_keys: Path | None = None) -> list[Path]:
    """What others may open of it, and `close` would close; changes nothing. `identity_keys`: a folder elsewhere.

    Raises OfAnotherUser, and NotPrivate where others may open what is not ours to close.
    """
    return list(dict(_opened(directory, identity_keys)))


def close(directory: Path, identity_keys: Path | None = None) -> list[Path]:
    """Close the directory and its files, and to writers the other folder; answers what was open. Raises as `look`."""
    # The directory first: from then on nobody else makes, or exchanges, what is looked at in it.
    closed = [_closed(path, bits) for path, bits in _opened_top(directory)]
    # All is looked at before anything is changed; the folder of keys comes twice.
    found = dict(_opened(directory, identity_keys))
    return closed + [_closed(path, bits) for path, bits in found.items()]


def _closed(path: Path, bits: int) -> Path:
    if not private_files.close(path, bits):
        raise NotPrivate(path, "its mode cannot be changed")
    return path


def _opened(directory: Path, identity_keys: Path | None) -> Opened:
    """Each path that others may open, with the bits to take from it."""
    yield from _opened_top(directory)
    below = directory / IDENTITY_KEYS
    if directory.is_dir():
        for path in sorted(directory.iterdir()):
            if path.name != _LOST_AND_FOUND:
                yield from _opened_one(path, private_files.ALL)
    if below.is_symlink():
        yield from _opened_keys(below.resolve(), private_files.WRITE)
    else:
        yield from _opened_keys(below, private_files.ALL)
    if identity_keys is not None:
        yield from _opened_keys(identity_keys, private_files.WRITE)


def _opened_top(directory: Path) -> Opened:
    """The directory itself. A directory of root is no other user's place either: its group may be anybody's."""
    if not directory.is_dir():
        return
    real = directory.resolve()
    if real.stat().st_uid != os.geteuid():
        raise OfAnotherUser(directory)
    if private_files.is_open(real):
        if private_files.is_shared(real):
            raise NotPrivate(directory, "it is a place of many users")
        if not _is_ours(real):
            raise NotPrivate(directory, "it holds what is not Batchyard's, so its mode stays as it is")
        yield real, private_files.ALL


def _is_ours(directory: Path) -> bool:
    """Whether it is a data directory, or may become it: empty but for what is put there before the first start."""
    names = {path.name for path in directory.iterdir()}
    return bool(names & {DATABASE, KEY}) or names <= {IDENTITY_KEYS, _LOST_AND_FOUND}


def _opened_keys(directory: Path, bits: int) -> Opened:
    """A folder of public keys, and what lies in it: who can change one of them says who is who."""
    if directory.is_dir():
        yield from _opened_one(directory, bits)
    for place, folders, files in os.walk(directory):
        for name in sorted(folders + files):
            yield from _opened_one(Path(place, name), bits)


def _opened_one(path: Path, bits: int) -> Opened:
    if private_files.is_of_another(path):
        raise OfAnotherUser(path)
    if path.is_symlink():
        if path.name in (DATABASE, KEY) and path.exists():
            _require_closed(path.resolve(), bits)
    elif private_files.is_open(path, bits):
        if private_files.is_shared(path):
            raise NotPrivate(path, "it is a place of many users")
        yield path, bits


def _require_closed(path: Path, bits: int) -> None:
    if private_files.is_of_another(path):
        raise OfAnotherUser(path)
    if private_files.is_open(path, bits):
        raise NotPrivate(path, "it lies outside the data directory, so its mode stays as it is")
