"""The engines: what works here, and what the machine has for those that are not built."""

from __future__ import annotations

from batchyard.cli.doctor.check import Check, Status
from batchyard.config import Settings
from batchyard.engines.registry import ENGINES, EngineKind


def engines(settings: Settings) -> list[Check]:
    """Each engine; the chosen one fails where it is not built."""
    return [
        Check(f"engine {name}", _status(name, kind, settings), kind.found(settings.slots))
        for name, kind in ENGINES.items()
    ]


def _status(name: str, kind: EngineKind, settings: Settings) -> Status:
    if kind.open is not None:
        return "ok"
    return "failed" if settings.engine == name else "not built"
