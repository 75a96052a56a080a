"""Opens the system for a command, and says in one sentence why it cannot be.

The data directory is looked at before the system is imported: a refusal is there at once.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from batchyard import private_files
from batchyard.cli.refusal import Refusal
from batchyard.config import Settings
from batchyard.store import data_directory, privacy
from batchyard.store.failures import Unusable, of_database, of_system

if TYPE_CHECKING:
    from batchyard.app import App


@contextmanager
def opened(settings: Settings, **arguments: Any) -> Iterator[App]:
    """The system of these settings, made with App's `arguments` and closed at the end. What the process writes from
    here on is for its user alone.

    Raises Refusal where its data directory cannot be used.
    """
    private_files.begin()
    try:
        if not settings.ephemeral:
            data_directory.look_for_access(settings.directory)
            privacy.look(settings.directory, settings.identity_keys)
            data_directory.look(settings.directory)
            if not settings.is_loopback and not (settings.directory / data_directory.DATABASE).exists():
                raise without_administrator(settings)
        app = _made(settings, arguments)
    except Unusable as error:
        raise Refusal(str(error), advice=error.advice) from error
    try:
        yield app
    except sqlite3.Error as error:
        raise _refusal(of_database(error, settings.directory / data_directory.DATABASE)) or error from error
    finally:
        app.close()


def _made(settings: Settings, arguments: dict[str, Any]) -> App:
    from batchyard.app import App

    try:
        return App(settings, **arguments)
    except OSError as error:
        raise of_system(error, settings.directory) or error from error


def _refusal(unusable: Unusable | None) -> Refusal | None:
    return None if unusable is None else Refusal(str(unusable), advice=unusable.advice)


def without_administrator(settings: Settings) -> Refusal:
    """Beyond loopback somebody must be able to sign, and development credentials never can."""
    return Refusal(
        f"`{settings.host}` is not a loopback address, and `{settings.directory}` has no administrator's access key",
        advice="make it with `batchyard init`",
    )
