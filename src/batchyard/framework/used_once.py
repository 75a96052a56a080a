"""Ids of what may be used once, kept until they would be refused for their age anyway."""

from __future__ import annotations

import threading


class UsedOnce:
    """Thread-safe; moments are in seconds, by whichever clock the caller judges ages by."""

    def __init__(self, until: dict[str, float]) -> None:
        """`until`: by id, until when it counts as used; the sole server's."""
        self._until = until
        self._lock = threading.Lock()

    def take(self, identity: str, until: float) -> bool:
        """Whether it is used for the first time."""
        with self._lock:
            if identity in self._until:
                return False
            self._until[identity] = until
            return True

    def forget(self, *, before: float) -> None:
        """Forget what is too old by now."""
        with self._lock:
            for one in [one for one, until in self._until.items() if until <= before]:
                del self._until[one]
