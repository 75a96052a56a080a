"""The engines: what works here, and what the machine has for those that are not built."""

from __future__ import annotations

from batchyard.cli.doctor.check import Check, Status
from batchyard.config import Settings
from batchyard.engines.process import job_users, namespaces
from batchyard.engines.process.doctor import mounts
from batchyard.engines.registry import ENGINES, EngineKind


def engines(settings: Settings) -> list[Check]:
    """Each engine; the chosen one fails where it is not built."""
    found = [_kind(name, kind, settings) for name, kind in ENGINES.items()]
    for name, table in settings.engines.items():
        if name not in ENGINES:
            there = ENGINES[table.kind].found(getattr(table.own, "slots", 0) or settings.slots, table.own)
            status: Status = "ok" if there.works else "warning"
            found.append(Check(f"engine {name}", status, f"of the kind {table.kind}: {there.text}"))
    if settings.default_engine not in (*ENGINES, *settings.engines):
        found.append(
            Check(f"engine {settings.default_engine}", "failed", "no table and no kind has that name")
        )
    return [*found, _job_users(settings), _job_mounts()]


def _job_mounts() -> Check:
    """Whether jobs of the process engine can have mounts of their own."""
    detail = mounts()
    if namespaces.allowed() is None:
        advice = "start the server as root, or allow user namespaces, where jobs mount volumes at other paths"
        return Check("job mounts", "warning", detail, advice)
    return Check("job mounts", "ok", detail)


def _job_users(settings: Settings) -> Check:
    """Whose user a job of the process engine is."""
    walls = not settings.accepts_development_credentials
    users, reason = job_users.choose(settings.job_users, walls=walls)
    if users is not None:
        return Check(
            "job users", "ok", f"each account's jobs run as a user of its own, of {users[0]} to {users[1]}"
        )
    detail = f"jobs run as the server's user: {reason}"
    if not walls:
        return Check("job users", "ok", detail)
    advice = "start the server as root, or let only those submit jobs whom you would give its user's shell"
    return Check("job users", "warning", detail, advice)


def _kind(name: str, kind: EngineKind, settings: Settings) -> Check:
    """A kind, with the settings that its name has: its jobs wait where it does not work now."""
    table = settings.engines.get(name)
    there = kind.found(settings.slots, None if table is None else table.own)
    return Check(f"engine {name}", _status(name, kind, settings, works=there.works), there.text)


def _status(name: str, kind: EngineKind, settings: Settings, *, works: bool) -> Status:
    if kind.open is None:
        return "failed" if settings.engine == name else "not built"
    if works:
        return "ok"
    return "warning" if name in (settings.default_engine, *settings.engines) else "absent"
