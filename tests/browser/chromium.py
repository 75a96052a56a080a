"""A real Chromium, headless: it opens one page and is ended again. What the page saw, the page itself reports."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
"""Debian's name for it, and others'; None where it is not installed."""

_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--disable-component-update",
    "--disable-background-networking",
    "--no-first-run",
)


@contextmanager
def opened(url: str, *, names: Mapping[str, str]) -> Iterator[None]:
    """Open `url` in a browser of its own. `names`: the address that each host's name leads to."""
    assert CHROMIUM is not None
    rules = ", ".join(f"MAP {name} {address}" for name, address in names.items())
    with tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as directory:
        process = subprocess.Popen(
            [CHROMIUM, *_FLAGS, f"--user-data-dir={directory}", f"--host-resolver-rules={rules}", url],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            yield
        finally:
            # The session is this browser's own: its children end with it.
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)
