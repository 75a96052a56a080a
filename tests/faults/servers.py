"""Server processes that a test may kill."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conftest import client

ACCOUNT = "123456789012"
DOOMED = Path(__file__).with_name("doomed_server.py")
SERVE = [str(Path(sys.executable).with_name("batchyard")), "serve", "--port", "0", "--output", "json"]


@dataclass
class Server:
    """A server in a process of its own."""

    process: subprocess.Popen[str]
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
def server(directory: Path, *arguments: str) -> Iterator[Server]:
    """`batchyard serve` on a data directory; killed at the end where the test did not end it."""
    with _started([*SERVE, "--data-dir", str(directory), *arguments]) as one:
        yield one


@contextmanager
def doomed_server(directory: Path, *, commit: int, side: str) -> Iterator[Server]:
    """A server that dies at its commit with this number, before or after COMMIT."""
    with _started([sys.executable, str(DOOMED), str(directory), str(commit), side]) as one:
        yield one


@contextmanager
def _started(command: list[str]) -> Iterator[Server]:
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield Server(process, json.loads(process.stdout.readline())["endpoint"])
    finally:
        process.kill()
        process.wait(10)
        process.stdout.close()
