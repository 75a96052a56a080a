"""A server's log as JSON lines."""

from __future__ import annotations

import json
import logging
from pathlib import Path

from batchyard.cli.log_lines import JsonLines
from journeys.served import served


def test_each_line_that_a_server_logs_is_a_json_object(tmp_path: Path) -> None:
    """The socket of an engine that nobody listens at is worth a warning when the server starts."""
    config = tmp_path / "batchyard.toml"
    config.write_text(f'log_format = "json"\n[engines.docker]\nsocket = "{tmp_path}/nobody"\n')
    with served("--config", str(config), "--data-dir", str(tmp_path / "data"), log=tmp_path / "log"):
        pass
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert {"time", "level", "logger", "message"} <= lines[0].keys()
    assert any("the engine docker cannot be reached" in one["message"] for one in lines)


def test_an_exception_is_in_its_line() -> None:
    try:
        raise ValueError("two\nlines")
    except ValueError as error:
        record = logging.LogRecord(
            "x", logging.ERROR, "", 0, "it failed: %s", ("so",), (ValueError, error, None)
        )
    line = JsonLines().format(record)
    assert "\n" not in line
    assert json.loads(line)["message"] == "it failed: so"
    assert "two" in json.loads(line)["exception"]
