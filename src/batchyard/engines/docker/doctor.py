"""What this machine has of Docker or Podman."""

import http.client
import json
import socket
from pathlib import Path
from typing import Any

from batchyard.engines.docker.daemon import is_installed
from batchyard.engines.docker.sockets import choose_socket

_SECONDS = 3


def found(told: str) -> tuple[str, bool]:
    """(what answers at the socket that the settings tell, or at a usual one; whether containers can run there)."""
    path = choose_socket(told)
    if not path.exists():
        return (f"no socket at {path}" if told else "no socket of Docker or Podman"), False
    try:
        version = _get(path, "/_ping").headers.get("Api-Version", "of unknown version")
    except OSError as error:
        return f"{path} is there but does not answer: {error.strerror or error}", False
    text = f"Docker's API {version} answers at {path}{_about(path)}"
    if not is_installed():
        return f"{text}; `pip install batchyard[docker]` is needed to use it", False
    return text, True


def _about(path: Path) -> str:
    """What the daemon tells of itself that matters to jobs."""
    try:
        info: dict[str, Any] = json.loads(_get(path, "/info").body)
    except (OSError, ValueError):
        return ""
    told = f"; version {info.get('ServerVersion')}, images on {info.get('Driver')}"
    if not info.get("LiveRestoreEnabled"):
        told += ", containers end when the daemon does (live-restore is off)"
    return told if info.get("MemoryLimit", True) else f"{told}, memory is not limited"


class _Answer:
    def __init__(self, answer: http.client.HTTPResponse) -> None:
        self.headers = answer.headers
        self.body = answer.read()


def _get(path: Path, what: str) -> _Answer:
    connection = http.client.HTTPConnection("localhost", timeout=_SECONDS)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connected:
        connected.settimeout(_SECONDS)
        connected.connect(str(path))
        connection.sock = connected
        connection.request("GET", what)
        try:
            return _Answer(connection.getresponse())
        except http.client.HTTPException as error:
            raise OSError(type(error).__name__) from error
