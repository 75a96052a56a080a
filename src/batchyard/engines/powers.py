"""What of its host an engine lets containers have: given by the settings, not assumed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

ACCOUNT = "{account}"
"""In a folder's path: the number of the account whose jobs may mount it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Powers:
    """Closed as it is: nothing of the host. `None` for one of the lists: anything."""

    allow_privileged: bool = False
    host_paths: tuple[str, ...] | None = ()
    """Folders of the host that may be mounted, with all below them; `{account}` in one is the account's number, so
    that each has a folder of its own."""
    devices: tuple[str, ...] | None = ()
    users: tuple[str, ...] | None = None
    """Users that a container may name."""

    def refusal(
        self,
        *,
        account: str,
        privileged: bool,
        host_paths: Sequence[str],
        devices: Sequence[str],
        users: Sequence[str],
    ) -> str | None:
        """What is asked for and not given, with the setting that would give it; None where all is given."""
        if privileged and not self.allow_privileged:
            return "`privileged`: the setting `allow_privileged` does not give it"
        folders = self.folders_of(account)
        for path in host_paths:
            if not _is_within(path, folders):
                return f"the host's folder `{path}`: the setting `host_paths` does not give it"
        for device in devices:
            if not _is_within(device, self.devices):
                return f"the device `{device}`: the setting `devices` does not give it"
        for user in users:
            if self.users is not None and user not in self.users:
                return f"the user `{user}`: the setting `users` does not give it"
        return None

    def folders_of(self, account: str) -> tuple[str, ...] | None:
        """The folders that an account's containers may mount; None: any."""
        if self.host_paths is None:
            return None
        return tuple(folder.replace(ACCOUNT, account) for folder in self.host_paths)

    def account_folder(self, account: str, path: str) -> str | None:
        """The folder of the account's own that a path lies in; None: it lies in none."""
        own = [folder.replace(ACCOUNT, account) for folder in self.host_paths or () if ACCOUNT in folder]
        return next((folder for folder in own if _is_within(path, (folder,))), None)


OPEN = Powers(allow_privileged=True, host_paths=None, devices=None, users=None)
CLOSED = Powers()


def _is_within(path: str, given: tuple[str, ...] | None) -> bool:
    """Whether a path, as it is written and where links lead it, lies in one of the folders given."""
    if given is None:
        return True
    real = os.path.realpath(path)
    return any(
        real == folder or real.startswith(folder.rstrip("/") + "/") for folder in map(os.path.realpath, given)
    )
