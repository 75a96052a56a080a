"""A Docker daemon of one's own, in a temporary directory: started, killed, started again, ended with all it left."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker

_SECONDS = 60
_STORAGE = ((), ("--storage-driver=vfs",))
"""What the machine would take, else copies of whole images: they work anywhere."""


class DockerHost:
    """A `dockerd` that listens at a socket of its own, without a network of its own."""

    def __init__(self, *options: str) -> None:
        if shutil.which("dockerd") is None:
            raise SystemExit(
                "no dockerd here: apt-get install --no-install-recommends docker.io busybox-static"
            )
        # Not below pytest's directories: the path of a Unix socket has 107 bytes at most.
        self.directory = Path(tempfile.mkdtemp(prefix="batchyard-docker-", dir="/tmp"))
        self.socket = self.directory / "docker.sock"
        self._options = options
        self._storage: tuple[str, ...] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._containerd: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        if self._containerd is None:
            self._start_containerd()
        for storage in _STORAGE if self._storage is None else (self._storage,):
            if self._start(storage):
                self._storage = storage
                return
        log = (self.directory / "log").read_text(errors="replace")
        raise SystemExit(f"no dockerd can be started on this machine:\n{log[-3000:]}")

    def kill(self) -> None:
        """End the daemon as a crash does."""
        process = self._running()
        process.kill()
        process.wait()

    def stop(self) -> None:
        """End the daemon as a service manager does."""
        process = self._running()
        process.terminate()
        process.wait(_SECONDS)

    def client(self) -> Any:
        """The SDK's client of it."""
        return docker.APIClient(f"unix://{self.socket}", version="auto", timeout=_SECONDS)

    def empty(self) -> None:
        """Remove every container and volume."""
        client = self.client()
        for one in client.containers(all=True):
            with contextlib.suppress(docker.errors.APIError):
                client.remove_container(one["Id"], force=True, v=True)
        for one in client.volumes()["Volumes"] or ():
            with contextlib.suppress(docker.errors.APIError):
                client.remove_volume(one["Name"])
        client.close()

    def close(self) -> None:
        """Remove every container, end the daemon, and remove what it kept."""
        if self._process is None or self._process.poll() is not None:
            self.start()
        self.empty()
        self.stop()
        if self._containerd is not None:
            self._containerd.terminate()
            self._containerd.wait(_SECONDS)
        for line in reversed(Path("/proc/self/mounts").read_text().splitlines()):
            if (path := line.split()[1]).startswith(f"{self.directory}/"):
                subprocess.run(["umount", path], check=False)
        shutil.rmtree(self.directory, ignore_errors=True)

    def _running(self) -> subprocess.Popen[bytes]:
        assert self._process is not None
        return self._process

    def _start_containerd(self) -> None:
        """A process of its own, as Debian's service has it: so it outlives a daemon that crashes."""
        config = self.directory / "containerd.toml"
        config.write_text('version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n')
        command = [
            "containerd",
            f"--config={config}",
            f"--root={self.directory}/containerd",
            f"--state={self.directory}/state",
            f"--address={self.directory}/containerd.sock",
        ]
        with open(self.directory / "containerd.log", "ab") as log:
            self._containerd = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        give_up_at = time.monotonic() + _SECONDS
        while time.monotonic() < give_up_at and not (self.directory / "containerd.sock").exists():
            time.sleep(0.02)

    def _start(self, storage: tuple[str, ...]) -> bool:
        # A pid file of a killed daemon may name a process of today.
        (self.directory / "pid").unlink(missing_ok=True)
        shutil.rmtree(self.directory / "data", ignore_errors=True) if self._storage is None else None
        command = [
            "dockerd",
            "--iptables=false",
            "--bridge=none",
            f"--data-root={self.directory}/data",
            f"--exec-root={self.directory}/exec",
            f"--pidfile={self.directory}/pid",
            f"--containerd={self.directory}/containerd.sock",
            f"--host=unix://{self.socket}",
            *storage,
            *self._options,
        ]
        with open(self.directory / "log", "ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        give_up_at = time.monotonic() + _SECONDS
        while time.monotonic() < give_up_at and self._process.poll() is None:
            if self._answers():
                return True
            time.sleep(0.05)
        return False

    def _answers(self) -> bool:
        # Asked without the SDK, which leaves a socket open where nobody listens.
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
            asking.connect(str(self.socket))
            asking.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
            return b" 200 " in asking.recv(100)
        return False


@contextlib.contextmanager
def docker_host(*options: str) -> Iterator[DockerHost]:
    """A daemon for as long as the block takes."""
    host = DockerHost(*options)
    try:
        host.start()
        yield host
    finally:
        host.close()
