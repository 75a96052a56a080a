"""An answer that waits for its commit: what the socket awaits without holding a thread."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from batchyard.wire.http import HttpResponse

Written = Future[dict[str, Any] | Exception]
"""Done once the write is on disk: the result, or the exception that the operation ended with."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A write on its way. `finish` makes the answer once `written` is done; it never raises."""

    written: Written
    finish: Callable[[Written], HttpResponse]
