"""Drives the controllers: claims due keys, never two of one key, with a growing delay for one that fails."""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from batchyard.audit.times import latest_event_time
from batchyard.clock import microseconds
from batchyard.framework import work
from batchyard.framework.controller import ActingAs, Again, Controller, Outcome
from batchyard.framework.errors import SessionEnded
from batchyard.framework.runtime import Runtime
from batchyard.framework.turned_clock import TOLERANCE_SECONDS, TurnedClock
from batchyard.framework.work import Due, Key
from batchyard.store.transaction import Transaction

_log = logging.getLogger(__name__)

LONGEST_DELAY_SECONDS = 30.0
FURTHEST_LOOK = 256
"""How many due keys of other groupings are looked past for one that goes with what was taken."""
_Group = tuple[str, str, str, str, str, str]
"""What one thread at a time works on: the keys of a grouping in one account and Region, or one key without one."""
MakeActingAs = Callable[[Key], ActingAs]


class Driver:
    """A few threads over one queue of due keys. The queue mirrors the `work` table; idle accounts cost nothing.

    A key that comes due while it, or another of its grouping, is in flight is parked until the controller is through
    with that: the busier a grouping is, the more of its keys are taken at once, and the less each of them costs.
    """

    def __init__(
        self, runtime: Runtime, controllers: Sequence[Controller], acting_as: MakeActingAs, *, threads: int
    ) -> None:
        self._runtime = runtime
        self._controllers: Mapping[str, Controller] = {one.name: one for one in controllers}
        self._acting_as = acting_as
        self._condition = threading.Condition()
        self._heap: list[tuple[int, int, Key]] = []
        self._waiting: dict[Key, int] = {}
        self._in_flight: dict[Key, _Group] = {}
        self._busy: set[_Group] = set()
        self._parked: dict[_Group, list[Key]] = {}
        self._failures: Counter[Key] = Counter()
        self._order = itertools.count()
        self._stopping = False
        self._jumps = 0
        self._turned = TurnedClock(runtime.clock)
        self._turned_back = 0
        self.exceptions: Counter[str] = Counter()
        self._threads = [
            threading.Thread(target=self._run, name=f"controllers-{number}", daemon=True)
            for number in range(threads)
        ]

    def start(self) -> None:
        """Take the work that the store holds and begin."""
        now = microseconds(self._runtime.clock.now())
        with self._runtime.store.read() as tx:
            latest = latest_event_time(tx)
        behind = 0 if latest is None else microseconds(latest) - now
        if behind > TOLERANCE_SECONDS * 1_000_000:
            self._keep_brought_forward(behind)
        self._take_all()
        self._runtime.clock.on_change(self._clock_changed)
        for controller in self._controllers.values():
            controller.started()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Finish what is in flight and end the threads and the controllers; the rest stays in the store."""
        with self._condition:
            self._stopping = True
            self._condition.notify_all()
        for thread in self._threads:
            if thread.is_alive():
                thread.join()
        for controller in self._controllers.values():
            controller.stopped()

    def _take_all(self) -> None:
        with self._runtime.store.read() as tx:
            held = list(work.every(tx))
        self.wake([(due.key, due.not_before) for due in held])

    def wake(self, rows: Sequence[tuple[Key, datetime | None]]) -> None:
        """Take notice of committed work, due at a moment or (None) at once."""
        with self._condition:
            now = self._runtime.clock.now()
            for key, not_before in rows:
                self._push(key, microseconds(not_before or now))
            self._condition.notify(len(rows))

    def is_idle(self) -> bool:
        """Is nothing in flight and nothing due now?"""
        with self._condition:
            now = microseconds(self._runtime.clock.now())
            return not self._in_flight and not any(at <= now for at in self._waiting.values())

    def _push(self, key: Key, at: int) -> None:
        known = self._waiting.get(key)
        if known is not None and known <= at:
            return
        self._waiting[key] = at
        heapq.heappush(self._heap, (at, next(self._order), key))

    def _clock_changed(self) -> None:
        with self._condition:
            self._jumps += 1
            self._condition.notify_all()

    def _run(self) -> None:
        while True:
            keys = self._claim()
            if keys is None:
                return
            if not keys:
                self._heed_turned_clock()
                continue
            try:
                self._work_on(keys)
            except Exception:
                # The ending of work failed (a full disk, say): the rows are still there, to be looked at again.
                _log.exception("controller work could not be ended: %s", keys)
                self._put_back(keys)
            finally:
                self._release(keys)

    def _claim(self) -> list[Key] | None:
        """Wait for a due key and take it, with others of its grouping; None at the end, none where the clock was
        turned back."""
        with self._condition:
            while True:
                if self._stopping:
                    return None
                now = microseconds(self._runtime.clock.now())
                if by := self._turned.turned_back():
                    self._turned_back += by
                    self._bring_forward(by)
                    return []
                claimed = self._take_due(now)
                if claimed:
                    return claimed
                self._condition.wait(self._until_next(now))

    def _bring_forward(self, by: int) -> None:
        """What waits for a moment of the old clock waits as long by the new one."""
        self._waiting = {key: at - by for key, at in self._waiting.items()}
        self._heap = [(at - by, order, key) for at, order, key in self._heap]

    def _heed_turned_clock(self) -> None:
        with self._condition:
            by, self._turned_back = self._turned_back, 0
        try:
            self._keep_brought_forward(by)
            # What was written meanwhile by the old clock, and told after `_bring_forward`, stands earlier there.
            self._take_all()
        except Exception:
            _log.exception("the work in the store was not brought forward")

    def _keep_brought_forward(self, by: int) -> None:
        """The same in the store, for the next start."""
        _log.warning("the clock was turned back by %.1f s", by / 1_000_000)
        now = self._runtime.clock.now()
        self._runtime.store.write(lambda tx: work.bring_forward(tx, timedelta(microseconds=by), after=now))

    def _put_back(self, keys: Sequence[Key]) -> None:
        with self._condition:
            for key in keys:
                again = self._runtime.clock.now() + timedelta(seconds=self._after_failure(key).seconds)
                self._push(key, microseconds(again))

    def _take_due(self, now: int) -> list[Key]:
        held: list[tuple[int, int, Key]] = []
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
                controller = self._controllers.get(key.controller)
                limit = controller.batch_size if controller else 1
            del self._waiting[key]
            taken.append(key)
        for entry in held:
            heapq.heappush(self._heap, entry)
        for key in taken:
            self._in_flight[key] = _group_of(taken[0])
            self._busy.add(_group_of(taken[0]))
        return taken

    def _until_next(self, now: int) -> float | None:
        if not self._heap:
            return None
        return max(0.0, (self._heap[0][0] - now) / 1_000_000) + 0.0005

    def _release(self, keys: Sequence[Key]) -> None:
        with self._condition:
            group = self._in_flight[keys[0]]
            for key in keys:
                del self._in_flight[key]
            self._busy.discard(group)
            for key in self._parked.pop(group, ()):
                if key in self._waiting:
                    heapq.heappush(self._heap, (self._waiting[key], next(self._order), key))
            self._condition.notify_all()

    def _work_on(self, keys: Sequence[Key]) -> None:
        jumps, began = self._jumps, self._runtime.clock.now()
        with self._runtime.store.read() as tx:
            due = work.find(tx, keys)
        epoch = self._runtime.epochs.of(keys[0].account)
        current = [row for row in due if row.epoch == epoch]
        controller = self._controllers.get(keys[0].controller)
        outcome: Outcome = None
        failed = False
        if current and controller is not None:
            try:
                outcome = controller.reconcile([row.key for row in current], self._acting_as(keys[0]))
            except SessionEnded:
                outcome = Again(0.2)
            except Exception:
                failed = True
                self.exceptions[keys[0].controller] += 1
                _log.exception("controller %s failed on %s", keys[0].controller, [key.name for key in keys])
        if due:
            self._conclude(due, outcome, failed=failed, moment=lambda: self._moment(began, jumps))

    def _moment(self, began: datetime, jumps: int) -> datetime:
        """From when a delay counts: from now, or from before the clock was brought forward if it was meanwhile."""
        now = self._runtime.clock.now()
        return now if self._jumps == jumps else min(began, now)

    def _conclude(
        self, due: Sequence[Due], outcome: Outcome, *, failed: bool, moment: Callable[[], datetime]
    ) -> None:
        ends: list[tuple[Due, Again | None]] = []
        for row in due:
            again = outcome if outcome is None or isinstance(outcome, Again) else outcome.get(row.key)
            if failed:
                again = self._after_failure(row.key)
            else:
                self._failures.pop(row.key, None)
            ends.append((row, again))
        # The clock is read in the write, as by `schedule`.
        left = self._runtime.store.write(lambda tx: _end(tx, ends, now=moment()))
        with self._condition:
            for key, not_before in left:
                self._push(key, microseconds(not_before))

    def _after_failure(self, key: Key) -> Again:
        self._failures[key] += 1
        return Again(min(LONGEST_DELAY_SECONDS, 0.1 * 2 ** min(self._failures[key], 12)))


def _end(
    tx: Transaction, ends: Sequence[tuple[Due, Again | None]], *, now: datetime
) -> list[tuple[Key, datetime]]:
    """Close or postpone each row; returns those that stay, with their moments."""
    moments = [
        (row, None if again is None else now + timedelta(seconds=again.seconds)) for row, again in ends
    ]
    work.done(tx, [row for row, until in moments if until is None])
    work.later(tx, [(row, until) for row, until in moments if until is not None])
    return [(row.key, row.not_before) for row in work.find(tx, [row.key for row, _ in ends])]


def _group_of(key: Key) -> _Group:
    return (
        key.controller,
        key.account,
        key.partition,
        key.region,
        key.grouping,
        "" if key.grouping else key.name,
    )
