"""The wheel's build hook: the console is built into it. An editable install has no console until `make console`."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ConsoleHook(BuildHookInterface):
    """Builds the console before the files of the wheel are collected."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """`version` is `editable` or `standard`."""
        if version == "editable":
            return
        script = Path(self.root) / "scripts/build_console.py"
        subprocess.run([sys.executable, str(script)], check=True)
