"""A server as a user starts it, its log in a file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Process:
    """A running `batchyard serve`."""

    pid: int
    endpoint: str

    def cpu_seconds(self) -> float:
        """The CPU time that it has used, of all its threads."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_kib(self) -> int:
        """Its resident memory."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


@contextmanager
def served(data: Path, log: Path) -> Iterator[Process]:
    """Serve a data directory; ends by SIGTERM, and must with exit code 0, unless it died before."""
    command = [str(Path(sys.executable).with_name("batchyard")), "serve", "--port", "0", "--output", "json"]
    with log.open("a") as errors:
        process = subprocess.Popen(
            [*command, "--data-dir", str(data), "--pace", "0.05", "--slots", "2"],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    assert process.stdout is not None
    try:
        yield Process(process.pid, json.loads(process.stdout.readline())["endpoint"])
        if process.poll() is not None:
            raise RuntimeError(f"the server died: {process.returncode}")
    finally:
        process.terminate()
        ended = process.wait(30)
        process.stdout.close()
    if ended:
        raise RuntimeError(f"the server ended with {ended}")
