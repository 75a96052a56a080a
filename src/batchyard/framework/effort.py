"""How much work one call is: counted, not timed, so that the same call always gets the same answer.

Everybody's calls run one after the other, so a call that takes long holds all others up (docs/decisions/0017). Where
a small request can cause much work, the operation counts it: before it begins, from sizes, or as it goes on. Beyond
MOST it ends its page, or refuses in AWS's words. Beyond LIGHT it waits for its turn among the heavy calls.
"""

from __future__ import annotations

MOST = 100_000
"""The most that one call does, in microseconds of CPU as the benchmarks' machine has them."""

LIGHT = 5_000
"""From here on a call is heavy: it takes turns with the other heavy ones, and light ones pass it."""


class Heavy(BaseException):
    """A call turned out to be heavy before it has changed anything: it is to be begun again, in its turn.

    No Exception, so that nothing on its way takes it for a failure of the call.
    """


class Effort:
    """What one call has counted. `may_wait`: it was not begun as a heavy one, and can be begun again."""

    __slots__ = ("may_wait", "spent")

    def __init__(self, *, may_wait: bool) -> None:
        self.may_wait = may_wait
        self.spent = 0.0

    def spend(self, microseconds: float) -> None:
        """Count work that was done, or is about to be; raises Heavy where the call has to wait for its turn."""
        self.spent += microseconds
        if self.may_wait and self.spent > LIGHT:
            raise Heavy

    @property
    def is_used_up(self) -> bool:
        """The call has done as much as it may: it ends its page here."""
        return self.spent >= MOST

    def has_room(self, microseconds: float) -> bool:
        """Whether so much more is still within the bound."""
        return self.spent + microseconds <= MOST
