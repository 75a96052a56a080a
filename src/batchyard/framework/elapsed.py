"""How long something has lasted, whatever becomes of the machine's clock meanwhile."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from datetime import datetime

from batchyard.clock import Clock

_KEPT = 4096


class Elapsed:
    """Counts by a clock that nobody can turn, from when this process first asked about each thing.

    Forgets what was not asked about for longest: that is counted from its stored moment again.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began: OrderedDict[Hashable, float] = OrderedDict()
        self._lock = threading.Lock()

    def seconds(self, what: Hashable, since: datetime) -> float:
        """How long `what` has lasted that began at the stored moment `since`.

        A moment that is yet to come is now: the clock was turned back while no server ran, nobody knows by how much.
        """
        now = self._clock.monotonic()
        with self._lock:
            began = self._began.get(what)
            if began is None:
                began = now - max(0.0, (self._clock.now() - since).total_seconds())
                if len(self._began) == _KEPT:
                    self._began.popitem(last=False)
            self._began[what] = began
            self._began.move_to_end(what)
        return now - began
