"""The source keeps its own rules: how long a file may grow, what a service has, who speaks SQL."""

from __future__ import annotations

import ast
import re

import pytest

from architecture.source import FILES
from architecture.source import ROOT as SOURCE
from batchyard.services import NAMES

LONGEST_FILE = 400


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


def test_what_one_database_alone_understands_is_said_in_the_store() -> None:
    """Another database beside SQLite is then a matter of one folder."""
    dialects = {str(path.relative_to(SOURCE)) for path in FILES if "sqlalchemy.dialects" in path.read_text()}
    assert dialects == {"store/prepared.py", "store/upsert.py"}
