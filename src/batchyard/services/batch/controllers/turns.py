"""One at a time on an environment: what is being built is not torn down, what is torn down does not grow."""

from __future__ import annotations

import threading

_TURNS = tuple(threading.Lock() for _ in range(64))


def turn_of(environment_id: int) -> threading.Lock:
    """The lock to hold from reading an environment's row to the last call that follows from it.

    Environments share locks, and a data directory has one server: a few locks in memory are enough.
    """
    return _TURNS[environment_id % len(_TURNS)]
