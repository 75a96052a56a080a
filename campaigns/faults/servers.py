"""Server processes that a test may kill: `batchyard serve`, or one forked from a process that has loaded everything."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from conftest import client
from faults.stage import Nursery

ACCOUNT = "123456789012"
SERVE = [str(Path(sys.executable).with_name("batchyard")), "serve", "--port", "0", "--output", "json"]


class Process(Protocol):
    """What a server's process is asked: as of `subprocess.Popen`."""

    pid: int

    def kill(self) -> None: ...

    def terminate(self) -> None: ...

    def wait(self, timeout: float | None = None) -> int: ...


@dataclass
class Server:
    """A server in a process of its own."""

    process: Process
    endpoint: str

    def client(self, service: str, *, region: str = "us-east-1") -> Any:
        """A client as root of ACCOUNT."""
        return client(self.endpoint, service, access_key=ACCOUNT, region=region)

    def kill(self) -> None:
        """End it as `kill -9` does."""
        self.process.kill()
        self.process.wait(10)

    def stop(self, *, seconds: float = 5) -> None:
        """End it by SIGTERM; it must be gone, with exit code 0, in so many seconds."""
        self.process.terminate()
        assert self.process.wait(seconds) == 0


@contextmanager
def forked_server(
    nursery: Nursery, directory: Path, *, doom: tuple[int, str] | None = None, **settings: Any
) -> Iterator[Server]:
    """The same by a nursery, one at a time, in a twentieth of the time; with `doom` it dies at the commit with this
    number, `before` or `after` it."""
    directory.mkdir(exist_ok=True)
    answer = nursery.start(directory, log=directory / "log", settings=settings, doom=doom)
    assert answer, (directory / "log").read_text()[-2000:]
    process = _Forked(nursery, answer["pid"])
    try:
        yield Server(process, f"http://127.0.0.1:{answer['port']}")
    finally:
        process.kill()
        process.wait()


class _Forked:
    """A process that the nursery waits for."""

    def __init__(self, nursery: Nursery, pid: int) -> None:
        self.pid = pid
        self._nursery = nursery
        self._status: int | None = None

    def kill(self) -> None:
        self._send(signal.SIGKILL)

    def terminate(self) -> None:
        self._send(signal.SIGTERM)

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code; longer than `timeout` is told as an error."""
        if self._status is None:
            began = time.monotonic()
            self._status = int(self._nursery.ask("wait")["status"])
            assert timeout is None or time.monotonic() - began <= timeout
        return self._status

    def _send(self, number: int) -> None:
        if self._status is None:
            os.kill(self.pid, number)


@contextmanager
def server(directory: Path, *arguments: str) -> Iterator[Server]:
    """`batchyard serve` on a data directory; killed at the end where the test did not end it."""
    command = [*SERVE, "--data-dir", str(directory), *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield Server(process, json.loads(process.stdout.readline())["endpoint"])
    finally:
        process.kill()
        process.wait(10)
        process.stdout.close()
