"""Notices that the machine's clock was turned back: what was to happen at a time of the old clock would wait for it."""

from __future__ import annotations

from batchyard.clock import monotonic

TOLERANCE_SECONDS = 1.0
"""What may be a clock that is slowed down, and harms nobody."""


class TurnedClock:
    """Compares the wall clock with one that only flows. Moments are microseconds since 1970."""

    def __init__(self, now: int) -> None:
        self._ahead = now - _flowed()

    def turned_back(self, now: int) -> int:
        """By how many microseconds the clock was turned back since this was last asked; 0 where it was not."""
        ahead = now - _flowed()
        by = self._ahead - ahead
        if 0 < by <= TOLERANCE_SECONDS * 1_000_000:
            return 0
        self._ahead = ahead
        return max(0, by)


def _flowed() -> int:
    return int(monotonic() * 1_000_000)
