"""A server that ends itself by SIGKILL at one of its commits: `doomed_server.py DATA_DIR NUMBER before|after`.

It is what `batchyard serve` runs, with a commit hook in its store; the ready line is that of `--output json`.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from batchyard.app import App
from batchyard.config import Settings
from batchyard.server.listen import listen, make_server, ready_line, run


def main(directory: str, number: str, side: str) -> None:
    settings = Settings(data_dir=Path(directory), port=0, output="json")

    def die(commit: int, moment: str) -> None:
        if (commit, moment) == (int(number), side):
            os.kill(os.getpid(), signal.SIGKILL)

    with listen(settings.host, 0) as listener:
        app = App(settings, commit_hook=die)
        endpoint = f"http://{settings.host}:{listener.getsockname()[1]}"
        app.start(endpoint)
        line = ready_line(settings, endpoint=endpoint, engine=app.engine.name, data_dir=directory)
        run(make_server(app.application), listener, when_ready=lambda: print(line, flush=True))
        app.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
