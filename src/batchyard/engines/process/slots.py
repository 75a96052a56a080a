"""An engine's slots: which attempts hold one, and the specs that wait for one, in the order they came."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence

from batchyard.engines.contract import TaskSpec


class Slots:
    """Decides what starts now; knows nothing of how. In memory alone: what waits is told again after a restart."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._held: set[str] = set()
        self._waiting: dict[str, TaskSpec] = {}

    def take(self, specs: Sequence[TaskSpec]) -> list[TaskSpec]:
        """Those of the specs that may start now; the others wait. One that waits or runs already changes nothing."""
        with self._lock:
            for spec in specs:
                if spec.attempt not in self._held:
                    self._waiting.setdefault(spec.attempt, spec)
            return self._next()

    def give_back(self, attempts: Iterable[str]) -> list[TaskSpec]:
        """These do not run any more; the specs that start in their place."""
        with self._lock:
            self._held.difference_update(attempts)
            return self._next()

    def hold(self, attempts: Iterable[str]) -> None:
        """These run already: an earlier server started them."""
        with self._lock:
            self._held.update(attempts)

    def drop(self, attempts: Iterable[str]) -> list[str]:
        """Let these wait no longer; those that did."""
        with self._lock:
            return [one for one in attempts if self._waiting.pop(one, None) is not None]

    def drop_account(self, account: str) -> list[str]:
        """Let nothing of an account wait any longer; what did."""
        with self._lock:
            names = [name for name, spec in self._waiting.items() if spec.account == account]
            for name in names:
                del self._waiting[name]
            return names

    def waiting(self, attempts: Iterable[str]) -> set[str]:
        """Those of the attempts that wait."""
        with self._lock:
            return {one for one in attempts if one in self._waiting}

    def _next(self) -> list[TaskSpec]:
        started = []
        while self._waiting and len(self._held) < self._size:
            name = next(iter(self._waiting))
            started.append(self._waiting.pop(name))
            self._held.add(name)
        return started
