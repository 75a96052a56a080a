"""A server started as a user starts it: the `batchyard` command, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BIN = Path(sys.executable).parent


@dataclass
class Served:
    """A running `batchyard serve`."""

    process: subprocess.Popen[str]
    endpoint: str

    def environment(
        self, *, key: str = "test", secret: str = "test", region: str = "us-east-1"
    ) -> dict[str, str]:
        """What the aws CLI needs to reach it."""
        return {
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "HOME": os.environ.get("HOME", "/tmp"),
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": key,
            "AWS_SECRET_ACCESS_KEY": secret,
            "AWS_DEFAULT_REGION": region,
            "AWS_PAGER": "",
        }


def confirmed(url: str) -> Any:
    """The answer of an own route that changes something, asked as it wants to be asked."""
    request = urllib.request.Request(url, method="POST", headers={"X-Batchyard-Confirm": "yes"})
    return urllib.request.urlopen(request, timeout=60)


@contextmanager
def served(
    *arguments: str, log: Path | None = None, before: Callable[[], None] | None = None
) -> Iterator[Served]:
    """Start a server on a free port; it ends by SIGTERM within 5 s. What it logs goes to `log`, else to ours.

    `before` runs in its process before the command begins.
    """
    command = [str(BIN / "batchyard"), "serve", "--port", "0", "--output", "json", *arguments]
    with open(log or os.devnull, "ab") as file:
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=file if log is not None else None,
            preexec_fn=before,
            text=True,
        )
    try:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        yield Served(process, ready["endpoint"])
    finally:
        process.terminate()
        assert process.wait(5) == 0
        if process.stdout is not None:
            process.stdout.close()
