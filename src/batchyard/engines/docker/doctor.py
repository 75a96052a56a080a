"""What this machine has of Docker or Podman."""

import http.client
import os
import socket
from pathlib import Path

_SECONDS = 3


def found() -> str:
    """The API version of whatever answers at a Docker or Podman socket."""
    for path in _docker_sockets():
        if not path.exists():
            continue
        try:
            version = _ping(path)
        except OSError as error:
            return f"{path} is there but does not answer: {error.strerror or error}"
        return f"Docker's API {version} answers at {path}"
    return "no socket of Docker or Podman"


def _docker_sockets() -> list[Path]:
    named = os.environ.get("DOCKER_HOST", "")
    runtime = os.environ.get("XDG_RUNTIME_DIR", f"/run/user/{os.getuid()}")
    usual = [
        Path("/var/run/docker.sock"),
        Path(runtime) / "podman/podman.sock",
        Path("/run/podman/podman.sock"),
    ]
    return [Path(named.removeprefix("unix://"))] if named.startswith("unix://") else usual


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
