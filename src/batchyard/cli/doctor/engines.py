"""The engines: the one that is built, and what the machine has for those that are not."""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import subprocess
from pathlib import Path

from batchyard.cli.doctor.check import Check, Status
from batchyard.config import Settings

_SECONDS = 3


def engines(settings: Settings) -> list[Check]:
    """Each engine; the chosen one fails where it is not built."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    slots = settings.slots or 2 * cores
    found = {
        "process": f"commands run as processes of this machine, {slots} at once; images have no effect",
        "docker": _docker(),
        "slurm": _slurm(),
        "kubernetes": _kubernetes(),
    }
    return [Check(f"engine {name}", _status(name, settings), detail) for name, detail in found.items()]


def _status(name: str, settings: Settings) -> Status:
    if name == "process":
        return "ok"
    return "failed" if settings.engine == name else "not built"


def _docker() -> str:
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


def _slurm() -> str:
    """The version of Slurm's commands, and whether a controller answers them."""
    if shutil.which("sbatch") is None or shutil.which("sinfo") is None:
        return "no sbatch and sinfo on the PATH"
    version = _printed("sbatch", "--version")
    partitions = _printed("sinfo", "--noheader", "--format=%P")
    if partitions is None:
        return f"{version}, but no controller answers sinfo"
    return f"{version}, partitions {', '.join(partitions.split())}"


def _kubernetes() -> str:
    """kubectl, without a call to any cluster."""
    found = shutil.which("kubectl")
    return "no kubectl on the PATH" if found is None else found


def _printed(*command: str) -> str | None:
    """What a command prints; None where it fails, or takes too long."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
