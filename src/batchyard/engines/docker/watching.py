"""Listens to the daemon: which containers end; and when it is back after it was gone."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from typing import Any

from batchyard.engines.contract import EngineError
from batchyard.engines.docker.bodies import ATTEMPT_LABEL, ENGINE_LABEL
from batchyard.engines.docker.daemon import Daemon, Refused

_log = logging.getLogger(__name__)

_AGAIN_SECONDS = 0.5


class Watcher:
    """A thread that hears what the daemon tells of an engine's containers."""

    def __init__(self, daemon: Daemon, engine: str, heard: Callable[[Iterable[str] | None], None]) -> None:
        """`heard` is called with the attempts of which something was heard; None: something may have been missed."""
        self._daemon = daemon
        self._engine = engine
        self._heard = heard
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._events: Any = None
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """Listen from now on."""
        self._thread = threading.Thread(target=self._run, name="docker events", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Listen no more."""
        self._closing.set()
        with self._lock:
            if self._events is not None:
                self._events.close()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                self._listen()
            except (EngineError, Refused) as error:
                _log.info("listening again: %s", error)
            except Exception as error:
                # The SDK's stream gives what its HTTP library gives, of many kinds, when a daemon goes.
                if not self._closing.is_set():
                    _log.info("the daemon's events broke off: %s", error)
            self._closing.wait(_AGAIN_SECONDS)

    def _listen(self) -> None:
        events = self._daemon.events(f"{ENGINE_LABEL}={self._engine}")
        with self._lock:
            self._events = events
            if self._closing.is_set():
                events.close()
        self._heard(None)
        for event in events:
            attempt = (event.get("Actor") or {}).get("Attributes", {}).get(ATTEMPT_LABEL)
            if attempt:
                self._heard([attempt])
