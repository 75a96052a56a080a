"""Who is told: an HTTP endpoint on this machine, or a command; both get the event's JSON and its signature.

The signature is `t=<seconds since 1970>,v1=<hex>`, HMAC-SHA256 under the text of the key file over `<t>.<body>`, so
that a receiver knows who speaks, and that nobody plays an old event again.
"""

from __future__ import annotations

import hmac
import http.client
import secrets
import shlex
import subprocess
import threading
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from batchyard import private_files

HTTP_SECONDS = 10.0
COMMAND_SECONDS = 30.0
SIGNATURE_HEADER = "X-Batchyard-Signature"
SIGNATURE_VARIABLE = "BATCHYARD_SIGNATURE"
URL = "http://"


class Unheard(Exception):
    """The event was not taken; `by_anybody`: nor would another be, as nobody is there."""

    def __init__(self, why: str, *, by_anybody: bool) -> None:
        super().__init__(why)
        self.by_anybody = by_anybody


class Receiver(Protocol):
    """Takes one event at a time."""

    def tell(self, body: bytes, signature: str) -> None:
        """Return once the event was taken; raises Unheard."""

    def hang_up(self) -> None:
        """End a `tell` that is under way, from another thread."""


def signed(key: bytes, body: bytes, at: int) -> str:
    """The signature of a body at a moment, in seconds since 1970."""
    digest = hmac.new(key, f"{at}.".encode() + body, "sha256").hexdigest()
    return f"t={at},v1={digest}"


def key_of(path: Path) -> bytes:
    """The text of the key file; a missing one is made, for this user alone."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "x", opener=private_files.opener) as file:
            file.write(secrets.token_hex(32) + "\n")
    return path.read_text().strip().encode()


def receiver(notify: str) -> Receiver:
    """Who the setting `notify` means."""
    return Endpoint(notify) if notify.startswith(URL) else Command(shlex.split(notify))


class Endpoint:
    """POSTs each event over one connection that is kept; any 2xx means that it was taken."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._connection = http.client.HTTPConnection(
            parts.hostname or "localhost", parts.port or 80, timeout=HTTP_SECONDS
        )

    def tell(self, body: bytes, signature: str) -> None:
        headers = {"Content-Type": "application/json", SIGNATURE_HEADER: signature}
        try:
            self._connection.request("POST", self._path, body, headers)
            answer = self._connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise Unheard(f"{type(error).__name__}: {error}", by_anybody=True) from error
        if not 200 <= answer.status < 300:
            raise Unheard(f"HTTP {answer.status}", by_anybody=answer.status >= 500)

    def hang_up(self) -> None:
        self._connection.close()


class Command:
    """Starts the command for each event, which it reads on its standard input; exit code 0 means that it was taken."""

    def __init__(self, words: list[str]) -> None:
        self._words = words
        self._lock = threading.Lock()
        self._running: subprocess.Popen[bytes] | None = None
        self._is_over = False

    def tell(self, body: bytes, signature: str) -> None:
        try:
            code = self._run(body, signature)
        except OSError as error:
            raise Unheard(str(error), by_anybody=True) from error
        if code != 0:
            raise Unheard(f"exit code {code}", by_anybody=False)

    def _run(self, body: bytes, signature: str) -> int:
        with self._lock:
            if self._is_over:
                raise Unheard("the server ends", by_anybody=True)
            self._running = running = subprocess.Popen(
                ["/usr/bin/env", f"{SIGNATURE_VARIABLE}={signature}", *self._words],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
            )
        try:
            running.communicate(body, timeout=COMMAND_SECONDS)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()
            raise Unheard(f"not through within {COMMAND_SECONDS:.0f} s", by_anybody=False) from None
        finally:
            with self._lock:
                self._running = None
        return running.returncode

    def hang_up(self) -> None:
        with self._lock:
            self._is_over = True
            if self._running is not None:
                self._running.kill()
