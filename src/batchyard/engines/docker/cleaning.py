"""Gives back disk: of containers that never began and nobody wants, of killed ephemeral servers, of images."""

from __future__ import annotations

from collections.abc import Callable

from batchyard.clock import wall_now
from batchyard.engines.docker.bodies import ATTEMPT_LABEL, ENGINE_LABEL, SERVER_LABEL
from batchyard.engines.docker.daemon import Daemon, process_mark
from batchyard.engines.docker.pulls import Pulls
from batchyard.engines.docker.records import Records

_UNWANTED_SECONDS = 3600
"""How long a container that never began waits for somebody who asks for it."""


class Cleaner:
    """Removes by age. Raises EngineError, Refused."""

    def __init__(
        self, daemon: Daemon, records: Records, pulls: Pulls, *, is_known: Callable[[str], bool]
    ) -> None:
        """`is_known`: whether the engine has an attempt of that name."""
        self._daemon = daemon
        self._records = records
        self._pulls = pulls
        self._is_known = is_known

    def clean(self) -> None:
        """Remove all that is old enough now."""
        before = wall_now().timestamp() - _UNWANTED_SECONDS
        for one in self._daemon.containers(f"{ENGINE_LABEL}={self._records.identity()}"):
            attempt = one["Labels"][ATTEMPT_LABEL]
            if one["State"] != "running" and one["Created"] < before and not self._is_known(attempt):
                self._daemon.remove(one["Id"])
        for name in self._records.old(before):
            if not self._is_known(name):
                self._records.forget(name)
        self.clean_after_servers()
        self._pulls.clean()

    def clean_after_servers(self) -> None:
        """Remove the containers and volumes of ephemeral servers that are gone."""
        for one in self._daemon.containers(SERVER_LABEL):
            server = one["Labels"][SERVER_LABEL]
            pid = server.partition(":")[0]
            if pid.isdecimal() and process_mark(int(pid)) != server:
                self._daemon.remove(one["Id"])
                for volume in self._daemon.list_volumes(f"{ENGINE_LABEL}={one['Labels'][ENGINE_LABEL]}"):
                    self._daemon.remove_volume(volume)
