"""Turns of the heavy calls: one at a time, the callers in rotation, and whoever is light goes first.

A call is Python from end to end on the loop's thread, so two heavy calls at once would only add up to one longer
wait for everybody else. Between two of them the loop goes round often enough to accept, read, and answer what came
meanwhile, and a light write that waits for its commit finds the loop free when that is done.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from batchyard.clock import monotonic

ROUNDS = 6
"""How often the loop goes round between two heavy calls: accepting, reading and answering are a round each."""

COSTLY_SECONDS = 0.03
"""A call that took so much CPU was heavy, whatever it said: its caller's next calls take turns."""

COSTLY_FOR_SECONDS = 2.0
MOST_CALLERS = 1000


class CostlyCallers:
    """Whose calls were costly just now; a name that somebody makes up is one of many, and costs its maker a call."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}

    def note(self, caller: str) -> None:
        """A call of this caller was costly."""
        if len(self._until) >= MOST_CALLERS:
            self._until.clear()
        self._until[caller] = monotonic() + COSTLY_FOR_SECONDS

    def __len__(self) -> int:
        return len(self._until)

    def __contains__(self, caller: object) -> bool:
        until = self._until.get(str(caller))
        if until is None:
            return False
        if until > monotonic():
            return True
        del self._until[str(caller)]
        return False


class Turns:
    """`async with turns.take("AKIA…")`: by turns with all others who take turns."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}
        self._is_taken = False
        self._last_seconds = 0.0
        self._light_under_way = 0
        self._none_light = asyncio.Event()
        self._none_light.set()

    def begin_light(self) -> None:
        """A light call waits for its commit: the next heavy one begins after it, if that is soon."""
        self._light_under_way += 1
        self._none_light.clear()

    def end_light(self) -> None:
        """It is on disk, or has failed."""
        self._light_under_way -= 1
        if not self._light_under_way:
            self._none_light.set()

    @asynccontextmanager
    async def take(self, caller: str) -> AsyncIterator[None]:
        """The turn of a caller; it is given on when the context ends."""
        if self._is_taken:
            await self._wait(caller)
        self._is_taken = True
        try:
            await self._let_others_pass()
            started = monotonic()
            try:
                yield
            finally:
                self._last_seconds = monotonic() - started
        finally:
            self._give_on()

    async def _wait(self, caller: str) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(caller, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._give_on()
            raise

    def _give_on(self) -> None:
        """The turn goes to the caller who waits longest since its last; its further calls queue up behind all."""
        while self._waiting:
            caller = next(iter(self._waiting))
            queue = self._waiting.pop(caller)
            turn = queue.popleft()
            if queue:
                self._waiting[caller] = queue
            if not turn.done():
                turn.set_result(None)
                return
        self._is_taken = False

    async def _let_others_pass(self) -> None:
        """Let the loop go round; then wait for light writes, but no longer than the last heavy call took."""
        loop = asyncio.get_running_loop()
        for _ in range(ROUNDS):
            around = loop.create_future()
            loop.call_soon(around.set_result, None)
            await around
        if self._light_under_way:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._none_light.wait(), self._last_seconds)
