"""What `handle` gives where it has no answer yet: a write that is still to be done, or a call that has to wait."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from batchyard.store.transaction import Transaction
from batchyard.wire.http import HttpResponse

Outcome = dict[str, Any] | Exception
"""What an operation answered, or the exception that it ended with."""

Write = Callable[[Transaction], Outcome]
"""An admitted call's function with its audit; it undoes by itself what a failed operation did."""


@dataclass(frozen=True, slots=True)
class Pending:
    """`finish` makes the answer of what `write` returned, or raised, once it is on disk; it never raises."""

    write: Write
    finish: Callable[[Outcome], HttpResponse]


class Deferred:
    """The call is heavy and has changed nothing: to be handled again from the start, in a turn, or in another turn."""


DEFERRED = Deferred()
