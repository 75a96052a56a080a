"""Shared file systems: which folder of the host each is, as `[file_systems.<id>]` in batchyard.toml says.

Jobs name them by the ids of EFS, or of S3 Files; nothing is mounted here: the administrator did that.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

KEYS = {
    "folder": "The folder of the host that it is.",
    "accounts": "The accounts whose jobs may mount it; not given: all.",
}
"""What a file system's table may say; the table's name is the id of a file system or of an access point."""


class WrongFileSystem(Exception):
    """A table says something that is not understood; the text is a sentence without the file's name."""


@dataclass(frozen=True, slots=True)
class Folder:
    """One file system or access point."""

    path: str
    accounts: tuple[str, ...] | None = None
    """Whose jobs may mount it; None: all accounts'."""


def read(tables: object) -> dict[str, Folder]:
    """The folders by id; raises WrongFileSystem."""
    if not isinstance(tables, Mapping):
        raise WrongFileSystem("`file_systems` takes tables: `[file_systems.<id>]`")
    return {name: _folder(name, given) for name, given in tables.items()}


def _folder(name: str, given: Any) -> Folder:
    where = f"`[file_systems.{name}]`"
    if not isinstance(given, Mapping) or not isinstance(given.get("folder"), str):
        raise WrongFileSystem(f"{where} takes a table with `folder`")
    unknown = sorted(given.keys() - KEYS.keys())
    if unknown:
        raise WrongFileSystem(f"unknown setting `{unknown[0]}` in {where}: it takes {', '.join(KEYS)}")
    accounts = given.get("accounts")
    if accounts is not None and not (
        isinstance(accounts, list) and all(isinstance(one, str) for one in accounts)
    ):
        raise WrongFileSystem(f"`accounts` in {where} takes a list of texts, not `{accounts}`")
    folder = os.path.expanduser(given["folder"])
    if not os.path.isabs(folder):
        raise WrongFileSystem(f"`folder` in {where} takes an absolute path, not `{given['folder']}`")
    return Folder(folder, None if accounts is None else tuple(accounts))


def folder_of(
    folders: Mapping[str, Folder], account: str, identity: str, access_point: str | None, root: str
) -> str | None:
    """The host's folder of a volume; None where the settings name none for the account, or `root` leads out of it.

    An access point is a table of its own, as AWS's names a folder and a user.
    """
    found = folders.get(access_point or identity)
    if found is None or (found.accounts is not None and account not in found.accounts):
        return None
    path = os.path.normpath(os.path.join(found.path, root.lstrip("/")))
    top = os.path.realpath(found.path)
    real = os.path.realpath(path)
    return path if real == top or real.startswith(top.rstrip("/") + "/") else None
