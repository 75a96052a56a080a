"""Servers that come and go in this process, which nobody else uses; prints what they left.

`python -m server.rounds DIRECTORY TIMES`: so many of them, every tenth with a job, every other one in memory.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from batchyard.cli import quickstart
from batchyard.config import Settings
from conftest import PACE, Serving, client, wait_for


def held() -> dict[str, list[str]]:
    """What this process has that a server could leave behind."""
    return {
        "threads": sorted(thread.name for thread in threading.enumerate()),
        "descriptors": sorted(filter(None, map(_target, os.listdir("/proc/self/fd")))),
    }


def _target(number: str) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{number}")
    except FileNotFoundError:
        return ""  # the listing's own


def call(server: Serving) -> None:
    """A write and a read, over a connection that the client ends."""
    with closing(client(server.endpoint, "iam", access_key="test")) as iam:
        count = len(iam.list_users()["Users"])
        iam.create_user(UserName=f"user-{count}")
        assert len(iam.list_users()["Users"]) == count + 1


def run_a_job(server: Serving) -> None:
    """Have every controller and the engine at work."""
    root = server.app.clients_of_root(quickstart.ACCOUNT, user_agent="test")
    made = quickstart.make(root, lambda: threading.Event().wait(0.02))
    aws: Any = root
    job = aws.batch.submit_job(
        jobName="one", jobQueue=made.job_queue, jobDefinition=quickstart.JOB_DEFINITION
    )["jobId"]
    wait_for(lambda: aws.batch.describe_jobs(jobs=[job])["jobs"][0]["status"] == "SUCCEEDED", seconds=60)


def serve(use: Callable[[Serving], None], **settings: Any) -> Path:
    """One server from its start to its end; its directory."""
    server = Serving(Settings(port=0, pace=PACE, slots=2, **settings))
    try:
        use(server)
    finally:
        server.close()
    return server.app.directory


def left(before: dict[str, list[str]]) -> dict[str, list[str]]:
    """What is held now, and was not."""
    return {kind: sorted((Counter(now) - Counter(before[kind])).elements()) for kind, now in held().items()}


def main(data: Path, times: int) -> dict[str, list[str]]:
    """Go through them all; what is left."""
    durable: dict[str, Any] = {"data_dir": data}
    serve(run_a_job, **durable)  # what is loaded once: models, compiled statements
    serve(run_a_job, ephemeral=True)
    before = held()
    for number in range(times):
        in_memory = number % 2 == 1
        use = run_a_job if number % 10 in (0, 5) else call
        directory = serve(use, **({"ephemeral": True} if in_memory else durable))
        assert directory.exists() is not in_memory
    return left(before)


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]))))
