"""What this server keeps in memory as if there were no other on its database: all of it, in one place.

A data directory has one server (`DirectoryLock`). Beside a second one each of these would be wrong, and says how. What
stands here is to be moved before there is a second server: docs/decisions/0030. What is merely known
faster (compiled policies, opened tokens, models) is kept where it is used, under
a name that changes with what it was made of.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field

from batchyard.audit.numbering import Numbering
from batchyard.framework.due_keys import DueKeys
from batchyard.framework.work import Key


class Locks:
    """One at a time on a thing, by its number: from reading its row to the last call that follows from it.

    Things share locks: a few are enough for the controllers' threads.
    """

    def __init__(self) -> None:
        self._locks = tuple(threading.Lock() for _ in range(64))

    def of(self, number: int) -> threading.Lock:
        """The lock to hold."""
        return self._locks[number % len(self._locks)]


@dataclass(slots=True)
class SoleServer:
    """One server's; app.py makes it and hands its parts out. Each line says what two would do with theirs."""

    epochs: dict[str, int] = field(default_factory=dict)
    """By account, `*` for all: a session would outlive a reset that the other server made."""
    remembered: dict[object, object] = field(default_factory=dict)
    """What the newest commit said of itself, such as the revision of an account's policies: a change by the other
    server would not end what is cached under the older epoch."""
    numbering: Numbering = field(default_factory=Numbering)
    """Of events: two of the same number."""
    due: DueKeys = field(default_factory=DueKeys)
    """The work of controllers: none would hear of what the other wrote, and both would work on one key at a time."""
    environments: Locks = field(default_factory=Locks)
    """A compute environment would be torn down while it grows."""
    idle_since: dict[str, dict[str, float]] = field(default_factory=dict)
    """By environment and instance: each would know half of how long an instance has been idle."""
    outside_since: dict[str, dict[str, float]] = field(default_factory=dict)
    """The same of instances that have not joined their cluster."""
    at_rest: OrderedDict[str, int] = field(default_factory=OrderedDict)
    """Environments without instances, by uuid, and their generation: what the other launched there stays unseen."""
    rests: OrderedDict[Key, float] = field(default_factory=OrderedDict)
    """When the next round of placing may begin: two servers would take twice the part of the time."""
    used_codes: dict[str, int] = field(default_factory=dict)
    """The last one-time code of each MFA device: it would hold once on each server."""
    sign_in_failures: OrderedDict[tuple[str, str], list[float]] = field(default_factory=OrderedDict)
    """By user and by address: each server would let in as many tries again."""
    used_signin_tokens: dict[str, float] = field(default_factory=dict)
    """A federation token would hold once on each server."""
