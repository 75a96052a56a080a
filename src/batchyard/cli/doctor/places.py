"""The data directory, its disk and database, and the port: what `batchyard serve` would find."""

from __future__ import annotations

import sqlite3
import stat
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from batchyard.cli.doctor.check import Check
from batchyard.config import Settings
from batchyard.private_files import mode_text
from batchyard.server.listen import AddressInUse, listen
from batchyard.store import data_directory, privacy
from batchyard.store.failures import DataDirectoryInUse, Unusable
from batchyard.store.migrations import numbered

_WAS_OPEN = "what others read before they know: `batchyard rotate-keys`, and make new access keys"
IN_USE = "a running server has it open"


def places(settings: Settings) -> Iterator[Check]:
    """Each place, without changing it."""
    directory = settings.directory.absolute()
    if settings.ephemeral:
        yield Check("data directory", "ok", "in memory: the setting `ephemeral` is on")
    else:
        yield _writable(settings)
        yield _disk(settings)
        yield _database(settings)
        yield _key(settings)
    if not settings.is_loopback or (settings.other_public_host is not None and not settings.ephemeral):
        yield _administrator(settings)
    yield _port(settings, is_serving=not settings.ephemeral and _is_in_use(directory))


def _writable(settings: Settings) -> Check:
    directory = settings.directory
    try:
        data_directory.look_for_access(directory)
        opened = privacy.look(directory, settings.identity_keys)
    except Unusable as error:
        return _failed("data directory", error)
    if opened:
        more = f", and {len(opened) - 1} more" if opened[1:] else ""
        found = f"others may open `{opened[0]}` (mode {mode_text(opened[0])}){more}"
        return Check("data directory", "warning", f"{found}; `batchyard serve` closes it to them", _WAS_OPEN)
    state = "is there" if directory.exists() else "will be made"
    return Check("data directory", "ok", f"{directory} {state}, and can be written")


def _disk(settings: Settings) -> Check:
    try:
        free = data_directory.look_for_space(settings.directory)
    except Unusable as error:
        return _failed("disk", error)
    return Check("disk", "ok", f"{free / 2**30:.1f} GiB are free")


def _database(settings: Settings) -> Check:
    try:
        data_directory.look_for_server(settings.directory)
        layout = data_directory.look_at_database(settings.directory)
    except DataDirectoryInUse:
        return Check("database", "ok", IN_USE)
    except Unusable as error:
        return _failed("database", error)
    newest = numbered()[-1][0]
    if layout is None:
        return Check("database", "ok", "none yet")
    detail = f"layout {layout}" if layout == newest else f"layout {layout}, will be brought to {newest}"
    return Check("database", "ok", detail)


def _key(settings: Settings) -> Check:
    path = settings.directory / data_directory.KEY
    try:
        data_directory.look_for_key(settings.directory)
    except Unusable as error:
        return _failed("key file", error)
    if not path.exists():
        return Check("key file", "ok", "none yet")
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        return Check("key file", "warning", f"others may read {path}", f"`chmod 600 {path}`")
    return Check("key file", "ok", "there, and only its owner may read it")


def _administrator(settings: Settings) -> Check:
    from batchyard.services.iam.principals.administrators import ACTIVE

    try:
        with data_directory.reading(settings.directory) as connection:
            if ACTIVE.fetch_first(connection, {}) is not None:
                return Check("administrator", "ok", "has an access key")
    except sqlite3.Error:
        # No database, or a database that the check before this tells about.
        pass
    advice = "make it with `batchyard init`"
    if settings.is_loopback:
        detail = "none has an access key, and `public_url` names another host: nobody can sign anything"
        return Check("administrator", "warning", detail, advice)
    detail = f"none has an access key, and `{settings.host}` is not a loopback address"
    return Check("administrator", "failed", detail, advice)


def _port(settings: Settings, *, is_serving: bool) -> Check:
    try:
        listen(settings.host, settings.port).close()
    except AddressInUse as error:
        endpoint = settings.endpoint(settings.port)
        if not _answers(endpoint):
            return Check("port", "failed", str(error), error.advice)
        if is_serving:
            detail = f"a Batchyard server that has this data directory open answers at {endpoint}"
            return Check("port", "ok", detail)
        detail = f"a Batchyard server with another data directory answers at {endpoint}"
        return Check("port", "failed", detail, error.advice)
    return Check("port", "ok", f"{settings.host}:{settings.port} is free")


def _answers(endpoint: str) -> bool:
    try:
        with urllib.request.urlopen(f"{endpoint}/_batchyard/health", timeout=3) as answer:
            return bool(answer.status == 200)
    except (OSError, ValueError):
        return False


def _is_in_use(directory: Path) -> bool:
    try:
        data_directory.look_for_server(directory)
    except DataDirectoryInUse:
        return True
    return False


def _failed(name: str, error: Unusable) -> Check:
    return Check(name, "failed", str(error), error.advice)
