"""Runnable jobs: each wake-up of an account's queues is one round of placing, and many at once are one."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from batchyard.clock import monotonic
from batchyard.framework.controller import ActingAs, Again, Controller
from batchyard.framework.elapsed import Elapsed
from batchyard.framework.runtime import Runtime
from batchyard.framework.work import Key
from batchyard.services.batch.placing.observing import Observer
from batchyard.services.batch.placing.rounds import Round
from batchyard.services.batch.placing.starting import STARTED_AT_ONCE
from batchyard.services.batch.placing.waiting import Waiting
from batchyard.services.batch.service import batch

BUSY_PART = 0.5
"""The part of the time that rounds for one account and Region may take."""
IDLE_PART = 0.1
"""The same where they change nothing: many submissions behind a front that waits for room stay quick."""
_KEPT = 4096


@batch.controller
class PlacingController(Controller):
    """Its only key in an account and Region is `queues`."""

    name = "batch.placing"

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        self._pool = ThreadPoolExecutor(STARTED_AT_ONCE, thread_name_prefix="starting")
        self._observer = Observer(runtime.clock, runtime.sole)
        self._waiting = Waiting(self, Elapsed(runtime.clock))
        self._not_before = runtime.sole.rests
        self._lock = threading.Lock()
        self._rounds = 0

    def reconcile(self, keys: Sequence[Key], acting_as: ActingAs) -> Again | None:
        key, began = keys[0], monotonic()
        early = self._not_before.get(key, 0.0) - began
        if early > 0:
            return Again(early)
        made = Round(self, key, acting_as, observer=self._observer, pool=self._pool, waiting=self._waiting)
        again = made.go()
        part = BUSY_PART if made.changed else IDLE_PART
        self._rest(key, (monotonic() - began) * (1 / part - 1))
        return again

    def stopped(self) -> None:
        self._pool.shutdown()

    def details(self) -> dict[str, Any]:
        return {"rounds": self._rounds}

    def _rest(self, key: Key, seconds: float) -> None:
        with self._lock:
            self._rounds += 1
            self._not_before[key] = monotonic() + seconds
            self._not_before.move_to_end(key)
            while len(self._not_before) > _KEPT:
                self._not_before.popitem(last=False)
