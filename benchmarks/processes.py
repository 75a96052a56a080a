"""Server processes under load: started, measured by their own CPU time, ended."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

HERE = Path(__file__).parent
TICK_SECONDS = 1 / os.sysconf("SC_CLK_TCK")
CONNECTIONS = 8


@dataclass(frozen=True)
class Served:
    """A running server and how long it took to its ready line."""

    process: subprocess.Popen[str]
    endpoint: str
    ready_seconds: float

    def cpu_seconds(self) -> float:
        """The CPU time that the process has used, of all its threads."""
        return cpu_seconds(self.process.pid)

    def resident_mib(self) -> float:
        """The memory that the process holds, in MiB."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def cpu_seconds(pid: int) -> float:
    """The CPU time that a process has used, without its children."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK_SECONDS


@dataclass(frozen=True)
class Measured:
    """What a load cost its server."""

    requests: int
    seconds: float
    cpu_seconds: float

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds

    @property
    def cpu_microseconds(self) -> float:
        """Server CPU for one request."""
        return self.cpu_seconds / self.requests * 1e6


@contextmanager
def batchyard(directory: Path) -> Iterator[Served]:
    """`batchyard serve` on a data directory."""
    command = [str(Path(sys.executable).with_name("batchyard")), "serve", "--port", "0", "--output", "json"]
    with _served([*command, "--data-dir", str(directory), "--pace", "0.02"]) as one:
        yield one


@contextmanager
def empty() -> Iterator[Served]:
    """The empty ASGI application."""
    with _served([sys.executable, str(HERE / "empty_server.py")]) as one:
        yield one


@contextmanager
def _served(command: Sequence[str]) -> Iterator[Served]:
    started = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        endpoint = json.loads(process.stdout.readline())["endpoint"]
        yield Served(process, endpoint, time.monotonic() - started)
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


def load(one: Served, requests: Sequence[bytes], *, most: int, seconds: float) -> Measured:
    """Send the requests over CONNECTIONS, in turn, until `most` are answered or `seconds` have passed.

    Raises RuntimeError where an answer was no success: a load that fails measures nothing.
    """
    raw = b"".join(len(request).to_bytes(4, "big") + request for request in requests)
    address = urlsplit(one.endpoint).netloc
    command = [sys.executable, str(HERE / "load.py"), address, str(CONNECTIONS), str(most), str(seconds)]
    before = one.cpu_seconds()
    ended = subprocess.run(command, input=raw, stdout=subprocess.PIPE, check=True, timeout=seconds + 60)
    used = one.cpu_seconds() - before
    found = json.loads(ended.stdout)
    if found["bad"] or not found["good"]:
        raise RuntimeError(f"{found['bad']} requests failed: {found['firstBad']}")
    return Measured(found["good"], found["seconds"], used)
