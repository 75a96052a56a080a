"""Drives the controllers: claims due keys, never two of one key, with a growing delay for a key that fails."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from batchyard.audit.times import latest_event_time
from batchyard.clock import microseconds
from batchyard.driving.turned_clock import TOLERANCE_SECONDS, TurnedClock
from batchyard.framework import work
from batchyard.framework.controller import ActingAs, Again, Controller, Outcome
from batchyard.framework.errors import SessionEnded
from batchyard.framework.runtime import Runtime
from batchyard.framework.work import Due, Key
from batchyard.store.transaction import Transaction

_log = logging.getLogger(__name__)

LONGEST_DELAY_SECONDS = 30.0
MakeActingAs = Callable[[Key], ActingAs]


class Driver:
    """A few threads over one queue of due keys. The queue mirrors the `work` table; idle accounts cost nothing.

    A key that comes due while it, or another of its grouping, is in flight waits until the controller is through
    with that: the busier a grouping is, the more of its keys are taken at once, and the less each of them costs.
    The table has moments of the wall clock, which outlive this process; the queue counts by a clock that nobody turns.
    """

    def __init__(
        self, runtime: Runtime, controllers: Sequence[Controller], acting_as: MakeActingAs, *, threads: int
    ) -> None:
        self._runtime = runtime
        self._controllers: Mapping[str, Controller] = {one.name: one for one in controllers}
        self._acting_as = acting_as
        self._condition = threading.Condition()
        self._due = runtime.sole.due
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
            self._push(rows)
            self._condition.notify(len(rows))

    def is_idle(self) -> bool:
        """Is nothing in flight and nothing due now?"""
        with self._condition:
            return not self._due.in_flight and not self._due.has_due(self._runtime.clock.monotonic())

    def _push(self, rows: Iterable[tuple[Key, datetime | None]]) -> None:
        clock = self._runtime.clock
        now, flowing = clock.now(), clock.monotonic()
        for key, not_before in rows:
            delay = 0.0 if not_before is None else (not_before - now).total_seconds()
            self._due.push(key, flowing + max(0.0, delay))

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
                now = self._runtime.clock.monotonic()
                if by := self._turned.turned_back():
                    self._turned_back += by
                    return []
                claimed = self._due.take(now, self._batch_size)
                if claimed:
                    return claimed
                seconds = self._due.seconds_to_next(now)
                self._condition.wait(None if seconds is None else seconds + 0.0005)

    def _batch_size(self, key: Key) -> int:
        controller = self._controllers.get(key.controller)
        return controller.batch_size if controller else 1

    def _heed_turned_clock(self) -> None:
        with self._condition:
            by, self._turned_back = self._turned_back, 0
        try:
            self._keep_brought_forward(by)
            # What was told meanwhile with moments of the old clock stands earlier there.
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
            now = self._runtime.clock.monotonic()
            for key in keys:
                self._due.push(key, now + self._after_failure(key).seconds)

    def _release(self, keys: Sequence[Key]) -> None:
        with self._condition:
            self._due.give_back(keys)
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
                self._due.succeeded(row.key)
            ends.append((row, again))
        # The clock is read in the write, as by `schedule`.
        left = self._runtime.store.write(lambda tx: _end(tx, ends, now=moment()))
        with self._condition:
            self._push(left)

    def _after_failure(self, key: Key) -> Again:
        return Again(min(LONGEST_DELAY_SECONDS, 0.1 * 2 ** min(self._due.failed(key), 12)))


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
