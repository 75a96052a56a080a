"""A command loads what it needs: the quick ones none of the server's parts, `init` one service."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

WORLD = {"sqlalchemy", "botocore", "boto3", "uvicorn", "uvloop", "rich", "cryptography", "asyncio"}
PROBE = """
import json, sys
from batchyard.cli import run
try:
    code = run(sys.argv[1:])
except SystemExit as end:
    code = end.code
print(json.dumps([code, sorted(sys.modules)]))
"""


def modules_after(*arguments: str, code: int, cwd: Path) -> set[str]:
    """What a command line has imported by its end, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=cwd,
        check=True,
    )
    ended, modules = json.loads(done.stdout.splitlines()[-1])
    assert ended == code, done.stderr
    return set(modules)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("env",), 0),
        (("--help",), 0),
        (("--version",), 0),
        (("serve", "--help"), 0),
        (("explain", "--help"), 0),
        (("serve", "--prot", "1"), 2),
        (("serve", "--engine", "slurm"), 2),
        (("explain",), 2),
        (("init", "--account", "1"), 2),
    ],
)
def test_quick_commands_load_no_part_of_the_server(
    arguments: tuple[str, ...], code: int, tmp_path: Path
) -> None:
    assert modules_after(*arguments, code=code, cwd=tmp_path) & WORLD == set()


def test_init_loads_iam_alone(tmp_path: Path) -> None:
    modules = modules_after("init", "--data-dir", "data", code=0, cwd=tmp_path)
    services = {name.split(".")[2] for name in modules if name.startswith("batchyard.services.")}
    assert services == {"iam"}
    assert modules & {"uvicorn", "rich", "boto3"} == set()
