"""The one source of time: everything but signature windows asks a `Clock`."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What tells the time to services and controllers."""

    def now(self) -> datetime:
        """The current time, in UTC and with its zone."""

    def monotonic(self) -> float:
        """Seconds that pass as those of `now` do, and that nobody sets: what durations are measured by."""

    def on_change(self, listener: Callable[[], None]) -> None:
        """Have `listener` called when the time jumps; a clock that only flows never calls it."""


class SystemClock:
    """The machine's own wall clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return monotonic()

    def on_change(self, listener: Callable[[], None]) -> None:
        """Nothing to do: this clock never jumps by request."""


class AdvancedClock:
    """The wall clock plus what `advance` added: for tests and for `serve --test-clock`."""

    def __init__(self) -> None:
        self._offset = timedelta()
        self._listeners: list[Callable[[], None]] = []
        self._lock = threading.Lock()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._offset

    def monotonic(self) -> float:
        return monotonic() + self._offset.total_seconds()

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass at once (never negative: time does not run backwards).

        Raises ValueError for no such number, OverflowError beyond the year 9998.
        """
        if seconds < 0:
            raise ValueError("the clock cannot be turned back")
        with self._lock:
            offset = self._offset + timedelta(seconds=seconds)
            datetime.now(UTC) + offset + timedelta(days=366)  # raises where the calendar ends
            self._offset = offset
        for listener in self._listeners:
            listener()

    def on_change(self, listener: Callable[[], None]) -> None:
        self._listeners.append(listener)


def wall_now() -> datetime:
    """The machine's time, for signature windows and session expiry on the wire."""
    return datetime.now(UTC)


def monotonic() -> float:
    """Seconds of a clock that never jumps, for measuring durations."""
    return time.monotonic()


def cpu_seconds() -> float:
    """The CPU time of this thread so far: what a busy machine does not lengthen."""
    return time.thread_time()


def microseconds(moment: datetime) -> int:
    """`moment` as whole microseconds since 1970: how the store keeps times."""
    return int(moment.timestamp() * 1_000_000 + 0.5)


def from_microseconds(value: int) -> datetime:
    """The UTC time of `microseconds`."""
    return _EPOCH + timedelta(microseconds=value)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

LATEST = 253_402_300_799_000_000
"""The last second of the year 9999 in `microseconds`: `from_microseconds` raises OverflowError beyond it."""
