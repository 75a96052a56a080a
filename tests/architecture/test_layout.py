"""The source keeps its own rules: who makes a Session, who tells the time, how long a file may grow."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from batchyard.services import NAMES

SOURCE = Path(__file__).parents[2] / "src/batchyard"
FILES = sorted(SOURCE.rglob("*.py"))
LONGEST_FILE = 400


def _calls(path: Path, name: str) -> bool:
    return any(
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name
        for node in ast.walk(ast.parse(path.read_text()))
    )


def test_a_session_is_made_in_two_files() -> None:
    makers = {str(path.relative_to(SOURCE)) for path in FILES if _calls(path, "Session")}
    assert makers == {"gateway/authenticate.py", "gateway/sessions.py"}


@pytest.mark.parametrize("word", [r"time\.sleep\(", r"\bsleep\("])
def test_nothing_sleeps(word: str) -> None:
    sleeping = [str(path) for path in FILES if re.search(word, path.read_text())]
    assert sleeping == []


def test_only_the_clock_tells_the_time_and_only_ids_makes_ids() -> None:
    patterns = re.compile(
        r"datetime\.now\(|time\.time\(|\buuid\.uuid|from uuid import|^import uuid", re.MULTILINE
    )
    allowed = {SOURCE / "clock.py", SOURCE / "ids.py"}
    found = [
        str(path.relative_to(SOURCE))
        for path in FILES
        if path not in allowed and patterns.search(path.read_text())
    ]
    # The engine's own processes have no clock injected: they stamp what really happened.
    assert [one for one in found if not one.startswith("engines/")] == []


def test_no_file_is_longer_than_the_house_allows() -> None:
    long = {
        str(path.relative_to(SOURCE)): text.count("\n")
        for path in FILES
        if (text := path.read_text()).count("\n") > LONGEST_FILE
    }
    assert long == {}


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        str(path.relative_to(SOURCE)) for path in FILES if not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert silent == []


@pytest.mark.parametrize("service", NAMES)
def test_a_service_has_the_same_files(service: str) -> None:
    present = {path.name for path in (SOURCE / "services" / service).iterdir()}
    assert {"__init__.py", "service.py"} <= present


def test_services_speak_no_raw_sql() -> None:
    raw = [
        str(path.relative_to(SOURCE))
        for path in FILES
        if "services" in path.parts
        and re.search(r"\btext\(|exec_driver_sql|import sqlite3", path.read_text())
    ]
    assert raw == []
