"""`batchyard rotate-keys` that dies by SIGKILL: `doomed_rotation.py DATA_DIR NUMBER`, at its step of that number.

Its steps are what changes the directory: a file opened, flushed or renamed, a change within the transaction, a
commit; each has a number before and one after. With fewer steps than NUMBER it ends as the command does.
"""

from __future__ import annotations

import functools
import itertools
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from batchyard.cli import opening, run
from batchyard.store.transaction import Transaction


def doom(number: int) -> None:
    """Have this process die at its step of that number."""
    numbers = itertools.count(1)

    def step() -> None:
        if next(numbers) == number:
            os.kill(os.getpid(), signal.SIGKILL)

    def stepping(function: Callable[..., Any]) -> Callable[..., Any]:
        def stepped(*arguments: Any, **options: Any) -> Any:
            step()
            answer = function(*arguments, **options)
            step()
            return answer

        return stepped

    for owner, name in ((os, "open"), (os, "fsync"), (os, "rename"), (Transaction, "run_many")):
        setattr(owner, name, stepping(getattr(owner, name)))
    opened: Any = functools.partial(opening.opened, commit_hook=lambda commit, moment: step())
    opening.opened = opened


if __name__ == "__main__":
    doom(int(sys.argv[2]))
    sys.exit(run(["rotate-keys", "--data-dir", sys.argv[1]]))
