"""Say what works on this machine, with the settings that `batchyard serve` would have. Changes nothing.

Exit code: 0 where a server could start, or has this data directory open already; 1 where something is in its way.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections.abc import Iterator

from batchyard.cli.doctor.check import Check
from batchyard.cli.options import add_settings, settings_of
from batchyard.cli.settings import config_file
from batchyard.config import Settings

SUMMARY = "say what works on this machine"
_OPTIONS = (
    "host",
    "port",
    "public_url",
    "data_dir",
    "ephemeral",
    "engine",
    "slots",
    "development_credentials",
    "job_users",
    "output",
)
_COLOURS = {"ok": "green", "warning": "yellow", "failed": "red", "absent": "dim", "not built": "dim"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Its options: those that decide what a server would find."""
    add_settings(parser, _OPTIONS)


def run(parsed: argparse.Namespace) -> int:
    """Look at everything and print it."""
    settings = settings_of(parsed)
    checks = list(_checks(settings, parsed.config))
    works = all(check.status != "failed" for check in checks)
    if settings.output == "json":
        print(json.dumps({"works": works, "checks": [dataclasses.asdict(check) for check in checks]}))
    else:
        _show(checks, works)
    return 0 if works else 1


def _checks(settings: Settings, config: str | None) -> Iterator[Check]:
    # Imported late: they look at the machine with modules that no other command needs.
    from batchyard.cli.doctor.engines import engines
    from batchyard.cli.doctor.machine import aws_command, cgroups, python
    from batchyard.cli.doctor.places import places

    yield python()
    file = config_file(config)
    yield Check("settings", "ok", f"read from {file}" if file else "no batchyard.toml is read")
    yield from places(settings)
    yield from engines(settings)
    yield cgroups()
    yield aws_command()


def _show(checks: list[Check], works: bool) -> None:
    from rich.console import Console
    from rich.text import Text

    from batchyard.cli.doctor.places import IN_USE

    console = Console(highlight=False, soft_wrap=True)
    for check in checks:
        line = Text(f"{check.status:<10}", style=_COLOURS[check.status])
        console.print(line + Text(f"{check.name}: {check.detail}", style=""))
        if check.advice:
            console.print(Text(f"{'':<10}help: {check.advice}", style="dim"))
    if any(check.detail == IN_USE for check in checks):
        last = "a server has this data directory open"
    else:
        last = "a server can run here" if works else "a server cannot start here"
    console.print(Text(last, style="bold"))
