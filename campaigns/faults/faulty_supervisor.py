"""A supervisor with a fault: `faulty_supervisor.py DATA_DIR RECORD FAULT`, in the place of the server's own."""

from __future__ import annotations

import json
import sys

from batchyard.engines.process import supervisor
from faults.steps import Fault
from faults.supervisor_steps import wrap


def main(root: str, record: str, fault: str) -> None:
    known = json.loads(fault)
    wrap(record, None if known is None else Fault(**known))
    supervisor.main(root, json.dumps({"ephemeral": False, "idle_seconds": 20}))


if __name__ == "__main__":
    main(*sys.argv[1:])
