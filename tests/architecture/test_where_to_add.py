"""ARCHITECTURE.md says what an operation touches: a toy that touches just that passes what watches over operations."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COPIED = ("src", "tests", "scripts", "docs", "changelog.d", "pyproject.toml", "conftest.py", "README.md")

MODULE = '''"""Insights into EKS clusters."""

from __future__ import annotations

from typing import Any

from batchyard.framework.context import Context
from batchyard.services.eks.resources import cluster
from batchyard.services.eks.service import eks


@eks.operation(on=cluster.named("clusterName"))
def list_insights(ctx: Context, request: Any) -> dict[str, Any]:
    """None."""
    return {"insights": []}
'''
TEST = '''"""Insights into EKS clusters."""

from typing import Any


def test_there_is_none(aws: Any) -> None:
    assert aws("eks").list_insights(clusterName="k")["insights"] == []
'''
ROW = {
    "operation": "ListInsights",
    "request": {"clusterName": "x"},
    "action": "eks:ListInsights",
    "resource": "arn:aws:eks:us-east-1:{account}:cluster/x",
}


def test_the_page_names_the_places() -> None:
    row = next(line for line in _page().splitlines() if line.startswith("| an operation |"))
    places = (
        "services/<service>/<noun>.py",
        "tests/services/<service>/",
        "tests/authorization/cases/<service>.json",
        "make docs",
    )
    assert [place for place in places if place not in row] == []


def test_every_folder_of_the_package_is_a_row() -> None:
    rooms = {path.name for path in (ROOT / "src" / "batchyard").iterdir() if (path / "__init__.py").exists()}
    assert sorted(rooms - set(re.findall(r"^\| `(\w+)/` \|", _page(), re.MULTILINE))) == []


@pytest.mark.slow
def test_a_toy_operation_needs_just_those_places(tmp_path: Path) -> None:
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, tmp_path / name)
    watching = [
        "tests/authorization/test_every_operation.py",
        "tests/authorization/test_reference.py",
        "tests/services/eks",
        "-keks",
    ]
    (tmp_path / "src/batchyard/services/eks/insights.py").write_text(MODULE)
    assert "no authorization row" in _run(tmp_path, "-m", "pytest", "-n0", *watching, fails=True)
    (tmp_path / "tests/services/eks/test_insights.py").write_text(TEST)
    cases = tmp_path / "tests/authorization/cases/eks.json"
    cases.write_text(json.dumps([*json.loads(cases.read_text()), ROW]))
    _run(tmp_path, "scripts/write_docs.py")
    _run(tmp_path, "scripts/write_docs.py", "--check")
    _run(tmp_path, "-m", "pytest", "-n0", *watching)


def _page() -> str:
    return (ROOT / "ARCHITECTURE.md").read_text()


def _run(directory: Path, *arguments: str, fails: bool = False) -> str:
    environment = {**os.environ, "PYTHONPATH": str(directory / "src")}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=directory,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (done.returncode != 0) == fails, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout
