"""The teller: one thread that tells what happened to jobs, in its order, until it was heard.

Nothing waits for it: notices are rows, written with what they tell of. One that is not heard is told again, with a
growing delay, also by the next server; the later ones of its job wait for it, those of other jobs do not. After a day
it is given up, as EventBridge does (its user guide, retry policy).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from datetime import timedelta
from enum import Enum
from typing import Any

import orjson

from batchyard.clock import Clock, microseconds
from batchyard.services.batch.notices import events, notices
from batchyard.services.batch.notices.receivers import Receiver, Unheard, signed
from batchyard.store.prepared import Row
from batchyard.store.store import Store
from batchyard.store.transaction import Transaction

READ_AT_ONCE = 100
KEPT = timedelta(hours=24)
SHORTEST_DELAY_SECONDS, LONGEST_DELAY_SECONDS = 0.2, 30.0
_log = logging.getLogger(__name__)


class _Heard(Enum):
    """What became of all that waited."""

    ALL = "all of it was heard"
    IN_PART = "that of some jobs was refused"
    BY_NOBODY = "nobody is there"


class Teller:
    """Between `start` and `stop` it tells the receiver; `key` signs."""

    def __init__(self, store: Store, clock: Clock, receiver: Receiver, key: bytes) -> None:
        self._store = store
        self._clock = clock
        self._receiver = receiver
        self._key = key
        self._something_new = threading.Event()
        self._stop = threading.Event()
        self._told = 0
        self._unheard = ""
        self._thread = threading.Thread(target=self._run, name="telling", daemon=True)

    def listen(self) -> None:
        """From here on each change leaves a notice."""
        self._store.write(lambda tx: notices.begin(tx, self._something_new.set))

    def start(self) -> None:
        """Begin to tell, first what an earlier server left."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread; what was not heard stays in the store."""
        self._stop.set()
        self._something_new.set()
        self._receiver.hang_up()
        if self._thread.is_alive():
            self._thread.join()

    def details(self) -> dict[str, Any]:
        """What `/_batchyard/health?details=1` says of it."""
        with self._store.read() as tx:
            first = notices.list_after(tx, 0, 1)
        waits = None if not first else (microseconds(self._clock.now()) // 1000 - first[0].at_ms) / 1000
        return {"told": self._told, "waitingSeconds": waits, "unheard": self._unheard}

    def _run(self) -> None:
        delay = SHORTEST_DELAY_SECONDS
        while not self._stop.is_set():
            self._something_new.clear()
            told = self._told
            try:
                heard = self._tell_all()
            except Exception:
                # A full disk, say: what was told and could not be forgotten is told again.
                _log.exception("events could not be told")
                heard = _Heard.BY_NOBODY
            delay = SHORTEST_DELAY_SECONDS if self._told > told else min(2 * delay, LONGEST_DELAY_SECONDS)
            if heard is _Heard.BY_NOBODY:
                self._stop.wait(delay)
            else:
                self._something_new.wait(None if heard is _Heard.ALL else delay)

    def _tell_all(self) -> _Heard:
        """Tell all that waits, once."""
        after, unheard = 0, set[int]()
        while not self._stop.is_set():
            with self._store.read() as tx:
                rows = notices.list_after(tx, after, READ_AT_ONCE)
                told = events.of_notices(tx, rows)
            if not rows:
                return _Heard.IN_PART if unheard else _Heard.ALL
            after = rows[-1].id
            if not self._tell_some(rows, told, unheard):
                break
        return _Heard.BY_NOBODY

    def _tell_some(self, rows: Sequence[Row], told: Mapping[int, dict[str, Any]], unheard: set[int]) -> bool:
        """Tell these, but those of jobs in `unheard`, which grows; False where nobody is there to hear."""
        done: list[int] = []
        somebody_is_there = True
        for row in rows:
            if self._stop.is_set() or not somebody_is_there:
                break
            if row.job in unheard:
                continue
            event = told.get(row.id)
            if event is None or self._is_too_old(row):
                done.append(row.id)
                continue
            try:
                self._tell(event)
                done.append(row.id)
            except Unheard as error:
                self._unheard = str(error)
                unheard.add(row.job)
                somebody_is_there = not error.by_anybody
        if done:
            self._forget(done)
        return somebody_is_there

    def _tell(self, event: dict[str, Any]) -> None:
        body = orjson.dumps(event)
        at = microseconds(self._clock.now()) // 1_000_000
        self._receiver.tell(body, signed(self._key, body, at))
        self._told += 1

    def _forget(self, ids: list[int]) -> None:
        def forget(tx: Transaction) -> None:
            notices.forget(tx, ids)

        self._store.write(forget)

    def _is_too_old(self, row: Row) -> bool:
        oldest_ms = microseconds(self._clock.now() - KEPT) // 1000
        if row.at_ms > oldest_ms:
            return False
        _log.warning("an event of %s was not heard for a day, and is given up", row.account)
        return True
