"""Which keys are waiting for their moment, and which are being worked on: the driver's queue, in memory.

Moments are seconds of the clock's `monotonic`: whoever turns the wall clock delays nothing here, and brings nothing
forward. Not safe for two threads at a time; the driver has a lock around it.
"""

from __future__ import annotations

import heapq
import itertools
from collections import Counter
from collections.abc import Callable, Sequence

from batchyard.framework.work import Key

FURTHEST_LOOK = 256
"""How many due keys of other groupings are looked past for a key that goes with what was taken."""

_Group = tuple[str, str, str, str, str, str]
"""What one thread at a time works on: the keys of a grouping in one account and Region, or one key that has none."""


class DueKeys:
    """A key stands once, at the earliest moment that was asked for; none is taken while its grouping is in flight.

    A key that comes due meanwhile is parked until its grouping is given back.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Key]] = []
        self._waiting: dict[Key, float] = {}
        self._in_flight: dict[Key, _Group] = {}
        self._busy: set[_Group] = set()
        self._parked: dict[_Group, list[Key]] = {}
        self._failures: Counter[Key] = Counter()
        self._order = itertools.count()

    @property
    def in_flight(self) -> int:
        """How many keys are being worked on."""
        return len(self._in_flight)

    def push(self, key: Key, at: float) -> None:
        """Have the key taken from `at` on, or sooner where that was asked for before."""
        known = self._waiting.get(key)
        if known is None or at < known:
            self._waiting[key] = at
            heapq.heappush(self._heap, (at, next(self._order), key))

    def take(self, now: float, most: Callable[[Key], int]) -> list[Key]:
        """The next due key with others of its grouping, `most(key)` together; none where none is due."""
        held: list[tuple[float, int, Key]] = []
        taken: list[Key] = []
        limit = 1
        while self._heap and self._heap[0][0] <= now and len(taken) < limit:
            entry = heapq.heappop(self._heap)
            key = entry[2]
            if self._waiting.get(key) != entry[0]:
                continue
            group = self._in_flight.get(key, _group_of(key))
            if group in self._busy:
                self._parked.setdefault(group, []).append(key)
                continue
            if taken and group != _group_of(taken[0]):
                held.append(entry)
                if len(held) >= FURTHEST_LOOK:
                    break
                continue
            if not taken:
                limit = most(key)
            del self._waiting[key]
            taken.append(key)
        for entry in held:
            heapq.heappush(self._heap, entry)
        for key in taken:
            self._in_flight[key] = _group_of(taken[0])
            self._busy.add(_group_of(taken[0]))
        return taken

    def give_back(self, keys: Sequence[Key]) -> None:
        """What `take` gave is through; what was parked behind it may be taken."""
        group = self._in_flight[keys[0]]
        for key in keys:
            del self._in_flight[key]
        self._busy.discard(group)
        for key in self._parked.pop(group, ()):
            if key in self._waiting:
                heapq.heappush(self._heap, (self._waiting[key], next(self._order), key))

    def seconds_to_next(self, now: float) -> float | None:
        """How long until a key may be due; None where nothing waits."""
        return max(0.0, self._heap[0][0] - now) if self._heap else None

    def has_due(self, now: float) -> bool:
        """Whether one waits whose moment has come, parked or not."""
        return any(at <= now for at in self._waiting.values())

    def failed(self, key: Key) -> int:
        """Count a failure of the key; how many there were in a row."""
        self._failures[key] += 1
        return self._failures[key]

    def succeeded(self, key: Key) -> None:
        """The next failure is the first again."""
        self._failures.pop(key, None)


def _group_of(key: Key) -> _Group:
    return (
        key.controller,
        key.account,
        key.partition,
        key.region,
        key.grouping,
        "" if key.grouping else key.name,
    )
