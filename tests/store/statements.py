"""Writes down every SQL statement that a process runs, each text once; knows nothing of how it is run.

`record(directory)` is for a process that has SQLAlchemy loaded. Servers in processes of their own are told by
`recording/sitecustomize.py`, which Python runs at their start where PYTHONPATH has that folder.
"""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

DIRECTORY = "RECORDED_STATEMENTS"
"""The variable that names the folder to which statements are written, a file for each process."""
TESTS = Path(__file__).parent.parent
_LIST = re.compile(r"\((\?|:\w+)(, (\?|:\w+))+\)")


def record(directory: str) -> None:
    """From now on write each statement of this process, with how many values it takes, to a file in `directory`."""
    from sqlalchemy import Engine, event

    from batchyard.store.prepared import Compiled

    seen: set[str] = set()
    target = os.open(Path(directory) / f"{os.getpid()}.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def note(text: str, values: int) -> None:
        if text in seen:
            return
        seen.add(text)
        os.write(target, (json.dumps([text, values]) + "\n").encode())

    @event.listens_for(Engine, "before_cursor_execute")
    def _core(_one: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if statement not in seen and not _is_a_tests_own():
            first = parameters[0] if many else parameters
            note(statement, len(first or ()))

    compile_ = Compiled._compile

    def compile_and_note(prepared: Compiled) -> str:
        text = compile_(prepared)
        note(text, 0)
        return text

    Compiled._compile = compile_and_note  # type: ignore[assignment, method-assign]


def _is_a_tests_own() -> bool:
    """Does a test look into the database itself? The nearest caller outside SQLAlchemy and the store tells."""
    frame: Any = sys._getframe(2)
    while frame is not None:
        path = Path(frame.f_code.co_filename)
        if "sqlalchemy" not in path.parts and path.parts[-3:-1] != ("batchyard", "store"):
            return TESTS in path.parents
        frame = frame.f_back
    return False


def recorded(directory: str) -> dict[str, int]:
    """Each statement of all processes that wrote to `directory`; those that differ in a list's length are one."""
    found: dict[str, int] = {}
    lists: set[str] = set()
    for path in sorted(Path(directory).glob("*.jsonl")):
        for line in path.read_text().splitlines():
            text, values = json.loads(line)
            shape = normal(text)
            if shape not in lists:
                lists.add(shape)
                found[text] = values
    return found


def normal(text: str) -> str:
    """The statement on one line, with each list of values as one."""
    return _LIST.sub("(…)", " ".join(text.split()))
