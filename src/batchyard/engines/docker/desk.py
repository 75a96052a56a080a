"""Work on attempts by name: one thread at a time for each, a few at once, again when it is asked for or due."""

from __future__ import annotations

import heapq
import logging
import threading
from collections.abc import Callable

from batchyard.clock import monotonic

_log = logging.getLogger(__name__)

AGAIN_SECONDS = 1.0
"""After an exception that nobody expected."""


class Desk:
    """Calls `work(name)` for every name that is asked for; it returns in how many seconds to call again, or None."""

    def __init__(self, work: Callable[[str], float | None], *, threads: int) -> None:
        self._work = work
        self._most = threads
        self._due: list[tuple[float, int, str]] = []
        self._asked: dict[str, float] = {}
        self._busy: set[str] = set()
        self._number = 0
        self._idle = 0
        self._threads: list[threading.Thread] = []
        self._changed = threading.Condition()
        self._is_closed = False

    def ask(self, *names: str, delay: float = 0) -> None:
        """Have each looked at, after `delay` seconds at the latest."""
        with self._changed:
            for name in names:
                self._ask(name, monotonic() + delay)
            while not self._is_closed and self._idle < len(self._asked) and len(self._threads) < self._most:
                thread = threading.Thread(target=self._run, name="docker", daemon=True)
                self._threads.append(thread)
                self._idle += 1
                thread.start()
            self._changed.notify_all()

    def close(self) -> None:
        """Finish what was begun, and nothing else."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _ask(self, name: str, due: float) -> None:
        if due < self._asked.get(name, float("inf")):
            self._asked[name] = due
            self._number += 1
            heapq.heappush(self._due, (due, self._number, name))

    def _run(self) -> None:
        while (name := self._next()) is not None:
            again: float | None
            try:
                again = self._work(name)
            except Exception:
                _log.exception("attempt %s", name)
                again = AGAIN_SECONDS
            with self._changed:
                self._busy.discard(name)
                self._idle += 1
                if again is not None:
                    self._ask(name, monotonic() + again)
                self._changed.notify_all()

    def _next(self) -> str | None:
        """The name whose turn it is; None: the desk is closed."""
        with self._changed:
            while not self._is_closed:
                name, wait = self._find()
                if name is not None:
                    del self._asked[name]
                    self._busy.add(name)
                    self._idle -= 1
                    return name
                self._changed.wait(wait)
            return None

    def _find(self) -> tuple[str | None, float | None]:
        """(a name that is due and not worked on, None), or (None, seconds until one is due)."""
        held = []
        found, wait = None, None
        while self._due and found is None:
            due, number, name = heapq.heappop(self._due)
            if self._asked.get(name) != due:
                continue
            if due > monotonic():
                held.append((due, number, name))
                wait = due - monotonic()
                break
            if name in self._busy:
                held.append((due, number, name))
            else:
                found = name
        for one in held:
            heapq.heappush(self._due, one)
        return found, wait
