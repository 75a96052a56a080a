"""The Docker engine's own settings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

PULLS: Final = ("prefer-cached", "once", "default", "always")
_LOGIN = ("username", "password", "password_file")
_HOST = re.compile(r"[A-Za-z0-9.-]+(:[0-9]+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class DockerSettings:
    """What `[engines.<name>]` of this kind may say. Raises ValueError for what no daemon could do."""

    socket: str = field(
        default="",
        metadata={
            "text": "The Unix socket of Docker or Podman; empty: what `DOCKER_HOST` names, else the first of the usual"
            " sockets that is there."
        },
    )
    slots: int = field(
        default=0, metadata={"text": "How many attempts run at once; 0: what the setting `slots` says."}
    )
    vcpus: float = field(
        default=0.0,
        metadata={
            "text": "How many vCPUs they may ask for together; 0: one for each slot, as they are shares."
        },
    )
    memory_mib: int = field(
        default=0,
        metadata={"text": "How much memory, in MiB, they may ask for together; 0: what the machine has."},
    )
    pull: str = field(
        default=PULLS[0],
        metadata={
            "text": "When an image is pulled, as ECS_IMAGE_PULL_BEHAVIOR has it: `prefer-cached`, where it is not here;"
            " `once`, where this engine never pulled it; `default`, for each attempt, and what is here will do"
            " where that fails; `always`, for each attempt. An image by digest is never pulled twice."
        },
    )
    registries: Mapping[str, Any] = field(
        default_factory=dict,
        metadata={
            "text": 'Logins: `[engines.<name>.registries."registry.example.com"]` with `username`, and `password` or'
            " `password_file`. Without a login, what `docker login` keeps for the server's user."
        },
    )
    images_kept_hours: float = field(
        default=168.0,
        metadata={
            "text": "How long an image that this engine pulled stays after its last use, in hours; 0: for ever."
        },
    )

    def __post_init__(self) -> None:
        for name in ("slots", "vcpus", "memory_mib", "images_kept_hours"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise ValueError(f"`{name}` must not be negative")
        if self.pull not in PULLS:
            raise ValueError(f"`pull` takes one of {', '.join(PULLS)}, not `{self.pull}`")
        for host, login in self.registries.items():
            _check(host, login)

    def login(self, registry: str) -> dict[str, str] | None:
        """What the daemon is told for a registry (its host as images name it), read when it is needed; None: nothing.
        Raises OSError where a password's file cannot be read."""
        login = self.registries.get(registry)
        if login is None:
            return None
        if "password" in login:
            return {"username": login["username"], "password": login["password"]}
        password = Path(login["password_file"]).expanduser().read_text(encoding="utf-8").rstrip("\n")
        return {"username": login["username"], "password": password}


def _check(host: str, login: object) -> None:
    where = f'`registries."{host}"`'
    if not _HOST.fullmatch(host):
        raise ValueError(f"{where} is no name of a registry, like `registry.example.com:5000`")
    if not isinstance(login, Mapping) or not all(isinstance(one, str) for one in login.values()):
        raise ValueError(f"{where} takes a table of texts: `username`, and `password` or `password_file`")
    if unknown := set(login) - set(_LOGIN):
        raise ValueError(f"{where} does not take `{min(unknown)}`: it takes {', '.join(_LOGIN)}")
    if "username" not in login or ("password" in login) == ("password_file" in login):
        raise ValueError(f"{where} takes `username`, and one of `password` and `password_file`")
