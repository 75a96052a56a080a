"""How much work one call is: counted, not timed, so that the same call always gets the same answer.

Everybody's calls run one after the other, so a call that takes long holds all others up (docs/decisions/0026). Where
a small request can cause much work, the operation counts it: before it begins, from sizes, or as it goes on. Beyond
MOST it ends its page, or refuses in AWS's words. Beyond LIGHT it waits for its turn among the heavy calls.
"""

from __future__ import annotations

import math
from typing import Any

MOST = 100_000
"""The most that one call does, in microseconds of CPU as the benchmarks' machine has them."""

MOST_PREPARED = 50_000
"""The most that one call prepares: work whose result is kept, and that the call therefore goes on with when it is
begun again. The same unit."""

LIGHT = 5_000
"""From here on a call is heavy: it takes turns with the other heavy calls, and light calls pass it."""


class Heavy(BaseException):
    """A call turned out to be heavy before it has changed anything: it is to be begun again, in a turn.

    No Exception, so that nothing on its way takes it for a failure of the call.
    """


class Effort:
    """What one call has counted.

    `bounded`: it came from outside. `changes_nothing_yet`: it can be begun again. `may_wait`: it can, and was not
    begun as a heavy call.
    """

    __slots__ = ("_may_begin_again", "_most", "_prepared", "may_wait", "spent")

    def __init__(self, *, bounded: bool, may_wait: bool, changes_nothing_yet: bool = False) -> None:
        self._most = MOST if bounded else math.inf
        self._may_begin_again = bounded and changes_nothing_yet
        self._prepared = 0.0
        self.may_wait = may_wait
        self.spent = 0.0

    def spend(self, microseconds: float) -> None:
        """Count work that was done, or is about to be; raises Heavy where the call has to wait for its turn."""
        self.spent += microseconds
        if self.may_wait and self.spent > LIGHT:
            raise Heavy

    def prepare(self, microseconds: float) -> None:
        """Count work that is about to be done once for many calls, such as parsing a policy.

        Nothing of it counts for what the call itself may do, so that the answer is the same whoever did it. Raises
        Heavy where there is more of it than a call does in one go; some is done in every turn.
        """
        before = self._prepared
        self._prepared = before + microseconds
        if self.may_wait and self.spent + self._prepared > LIGHT:
            raise Heavy
        if self._may_begin_again and before and self._prepared > MOST_PREPARED:
            raise Heavy

    def begin_to_change(self) -> None:
        """From here on the call cannot be begun again."""
        self.may_wait = self._may_begin_again = False

    @property
    def is_used_up(self) -> bool:
        """The call has done as much as it may: it ends its page here."""
        return self.spent >= self._most

    def has_room(self, microseconds: float) -> bool:
        """Whether so much more is still within the bound."""
        return self.spent + microseconds <= self._most


PER_LEAF = 2.5
"""Microseconds for a text or number in an answer: read, described, and written as XML or JSON."""


def of_answer(item: Any) -> float:
    """What it costs to tell an item of a listing."""
    return PER_LEAF * _leaves(item)


def _leaves(value: Any) -> int:
    if isinstance(value, dict):
        return sum(map(_leaves, value.values()), 1)
    if isinstance(value, (list, tuple)):
        return sum(map(_leaves, value), 1)
    # Long text is a few leaves more: it is escaped, signed for and sent.
    return 1 + len(value) // 1000 if isinstance(value, str) else 1
