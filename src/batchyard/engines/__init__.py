"""The engines by name; each is loaded when asked for, so that the supervisor starts without the server's half."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from batchyard.engines.engine import Engine


def _process(directory: Path, *, slots: int = 0, ephemeral: bool = False) -> Engine:
    from batchyard.engines.process import ProcessEngine

    return ProcessEngine(directory, slots=slots, ephemeral=ephemeral)


ENGINES: dict[str, Callable[..., Engine]] = {"process": _process}
"""name → maker(directory, slots=, ephemeral=): `directory` is the engine's own within the data directory."""
