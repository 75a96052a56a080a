"""Notices that the machine's clock was turned back: what was to happen at a time of the old clock would wait for it."""

from __future__ import annotations

from batchyard.clock import Clock, microseconds

TOLERANCE_SECONDS = 1.0
"""What may be a clock that is slowed down, and harms nobody."""


class TurnedClock:
    """Compares the wall clock with a clock that only flows. Moments are microseconds since 1970."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ahead = self._read()

    def turned_back(self) -> int:
        """By how many microseconds the clock was turned back since this was last asked; 0 where it was not."""
        ahead = self._read()
        by = self._ahead - ahead
        if 0 < by <= TOLERANCE_SECONDS * 1_000_000:
            return 0
        self._ahead = ahead
        return max(0, by)

    def _read(self) -> int:
        """How far the wall clock is ahead of the other, both read without a pause between them."""
        while True:
            before = self._clock.monotonic()
            now = self._clock.now()
            if self._clock.monotonic() - before < TOLERANCE_SECONDS / 2:
                return microseconds(now) - int(before * 1_000_000)
