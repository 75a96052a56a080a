"""Where Docker or Podman listen on this machine."""

import os
from pathlib import Path


def usual_sockets() -> list[Path]:
    """What DOCKER_HOST names, if it is a Unix socket; else where Docker and Podman listen, the usual first."""
    named = os.environ.get("DOCKER_HOST", "")
    if named.startswith("unix://"):
        return [Path(named.removeprefix("unix://"))]
    runtime = os.environ.get("XDG_RUNTIME_DIR", f"/run/user/{os.getuid()}")
    return [
        Path("/var/run/docker.sock"),
        Path(runtime) / "podman/podman.sock",
        Path("/run/podman/podman.sock"),
    ]


def choose_socket(told: str = "") -> Path:
    """The socket that settings name; else the first usual socket that is there, or would be."""
    if told:
        return Path(told.removeprefix("unix://")).expanduser()
    usual = usual_sockets()
    return next((one for one in usual if one.exists()), usual[0])
