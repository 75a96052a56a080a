"""Who failed to sign in too often just now: counted by user and by address."""

from __future__ import annotations

import threading
from collections import OrderedDict

WINDOW_SECONDS = 300.0
MOST_OF_A_USER = 10
MOST_OF_AN_ADDRESS = 50
_KEPT = 10_000

Where = tuple[str, str]


class SignInFailures:
    """Failures of the last minutes. AWS tells no limits of its own: these are ours [guess]."""

    def __init__(self, kept: OrderedDict[Where, list[float]]) -> None:
        """`kept`: the moments of the failures, the sole server's; the oldest are forgotten first."""
        self._kept = kept
        self._lock = threading.Lock()

    def are_too_many(self, account: str, user: str, address: str, now: float) -> bool:
        """Whether this user's, or this address's, next try has to wait. `now` in monotonic seconds."""
        with self._lock:
            of_user = self._recent(_user(account, user), now)
            of_address = self._recent(("", address), now)
        return len(of_user) >= MOST_OF_A_USER or len(of_address) >= MOST_OF_AN_ADDRESS

    def note(self, account: str, user: str, address: str, now: float) -> None:
        """One more failure."""
        with self._lock:
            for where in (_user(account, user), ("", address)):
                self._kept[where] = [*self._recent(where, now), now]
                self._kept.move_to_end(where)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)

    def forget(self, account: str, user: str) -> None:
        """The user has signed in."""
        with self._lock:
            self._kept.pop(_user(account, user), None)

    def _recent(self, where: Where, now: float) -> list[float]:
        return [at for at in self._kept.get(where, ()) if now - at < WINDOW_SECONDS]


def _user(account: str, user: str) -> Where:
    return (account or "-", user.lower())
