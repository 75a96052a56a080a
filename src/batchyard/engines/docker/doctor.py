"""What this machine has of Docker or Podman."""

import http.client
import socket
from pathlib import Path

from batchyard.engines.docker.sockets import usual_sockets

_SECONDS = 3


def found() -> str:
    """The API version of whatever answers at a Docker or Podman socket."""
    for path in usual_sockets():
        if not path.exists():
            continue
        try:
            version = _ping(path)
        except OSError as error:
            return f"{path} is there but does not answer: {error.strerror or error}"
        return f"Docker's API {version} answers at {path}"
    return "no socket of Docker or Podman"


def _ping(path: Path) -> str:
    connection = http.client.HTTPConnection("localhost", timeout=_SECONDS)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connected:
        connected.settimeout(_SECONDS)
        connected.connect(str(path))
        connection.sock = connected
        connection.request("GET", "/_ping")
        try:
            return connection.getresponse().headers.get("Api-Version", "of unknown version")
        except http.client.HTTPException as error:
            raise OSError(type(error).__name__) from error
