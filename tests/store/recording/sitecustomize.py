"""Run by Python at the start of a server that a test started: its statements are written down, too.

Nothing is loaded before the process opens a database, so that commands start as light as they are.
"""

import os
import sys
from pathlib import Path

_directory = os.environ.get("RECORDED_STATEMENTS")
_recording = False


def _opened(event: str, _arguments: tuple[object, ...]) -> None:
    global _recording
    if event != "sqlite3.connect" or _recording or _directory is None:
        return
    _recording = True
    if "batchyard.store.prepared" in sys.modules:
        sys.path.append(str(Path(__file__).parent.parent.parent))
        from store import statements

        statements.record(_directory)


if _directory is not None and os.path.isdir(_directory):
    sys.addaudithook(_opened)
