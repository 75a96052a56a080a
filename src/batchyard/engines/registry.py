"""The engines: the only list. Each is loaded when it is asked for, as a command line needs its name alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from batchyard.engines.contract import Engine

AUTO = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the server's settings say to an engine."""

    slots: int = 0
    ephemeral: bool = False
    """Attempts end with the server."""
    job_users: tuple[int, int] | None = None
    """Users of whom every account gets one for its jobs, where jobs would else be the server's user."""
    job_directory: str | None = None
    data_directory: str | None = None
    """Where engines keep together what they must not know each for itself; None: in their own."""


class Open(Protocol):
    """Opens an engine."""

    def __call__(self, name: str, directory: Path, given: Given, own: Any = None, **options: Any) -> Engine:
        """`directory` is the engine's own, within the data directory. `own` are its kind's settings; `options` are for
        the kind's tests."""


@dataclass(frozen=True, slots=True)
class _NoSettings:
    """A kind without settings of its own."""


def _no_settings() -> type[Any]:
    return _NoSettings


class Found(NamedTuple):
    """What a machine has for an engine."""

    text: str
    """In one sentence."""
    works: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineKind:
    """One kind of engine."""

    open: Open | None
    """None: it is not built."""
    abilities: Callable[[], frozenset[str]] = frozenset
    """What an engine with default settings makes true."""
    ignored: Callable[[], frozenset[str]] = frozenset
    """What it takes without effect."""
    allowed: Callable[[], frozenset[str]] = frozenset
    """What it makes true where the machine allows it, beside `abilities`."""
    settings: Callable[[], type[Any]] = _no_settings
    """The class of what its tables in batchyard.toml may say of its own."""
    found: Callable[[int, Any], Found]
    """What this machine has for one of so many slots, with its kind's settings (None: the default ones)."""


def _open_process(name: str, directory: Path, given: Given, own: Any = None, **options: Any) -> Engine:
    from batchyard.engines.process.engine import ProcessEngine
    from batchyard.engines.process.job_users import DEFAULT_PLACE

    if own is not None:
        options = {"vcpus": own.vcpus, "memory_mib": own.memory_mib, **options}
    return ProcessEngine(
        directory,
        name=name,
        slots=(own.slots if own is not None else 0) or given.slots,
        ephemeral=given.ephemeral,
        job_users=given.job_users,
        job_directory=given.job_directory or DEFAULT_PLACE,
        job_users_list=given.data_directory,
        **options,
    )


def _find_process(slots: int, own: Any) -> Found:
    from batchyard.engines.process.doctor import found

    return Found(found(slots))


def _process_settings() -> type[Any]:
    from batchyard.engines.process.settings import ProcessSettings

    return ProcessSettings


def _process_abilities() -> frozenset[str]:
    from batchyard.engines.process.abilities import HONOURED

    return HONOURED


def _process_allowed() -> frozenset[str]:
    from batchyard.engines.process.abilities import WITH_NAMESPACES

    return WITH_NAMESPACES


def _process_ignored() -> frozenset[str]:
    from batchyard.engines.process.abilities import IGNORED

    return IGNORED


def _open_docker(name: str, directory: Path, given: Given, own: Any = None, **options: Any) -> Engine:
    from batchyard.engines.contract import EngineError
    from batchyard.engines.docker.daemon import is_installed
    from batchyard.engines.docker.engine import DockerEngine

    if not is_installed():
        raise EngineError(f"the engine `{name}` needs `pip install batchyard[docker]`")
    return DockerEngine(
        directory, name=name, settings=own, slots=given.slots, ephemeral=given.ephemeral, **options
    )


def _docker_settings() -> type[Any]:
    from batchyard.engines.docker.settings import DockerSettings

    return DockerSettings


def _docker_abilities() -> frozenset[str]:
    from batchyard.engines.docker.abilities import HONOURED

    return HONOURED


def _docker_ignored() -> frozenset[str]:
    from batchyard.engines.docker.abilities import IGNORED

    return IGNORED


def _find_docker(slots: int, own: Any) -> Found:
    from batchyard.engines.docker.doctor import found

    return Found(*found(own.socket if own is not None else ""))


def _find_slurm(slots: int, own: Any) -> Found:
    from batchyard.engines.slurm.doctor import found

    return Found(found())


def _find_kubernetes(slots: int, own: Any) -> Found:
    from batchyard.engines.kubernetes.doctor import found

    return Found(found())


ENGINES: Mapping[str, EngineKind] = {
    "process": EngineKind(
        open=_open_process,
        found=_find_process,
        abilities=_process_abilities,
        allowed=_process_allowed,
        ignored=_process_ignored,
        settings=_process_settings,
    ),
    "docker": EngineKind(
        open=_open_docker,
        found=_find_docker,
        abilities=_docker_abilities,
        ignored=_docker_ignored,
        settings=_docker_settings,
    ),
    "slurm": EngineKind(open=None, found=_find_slurm),
    "kubernetes": EngineKind(open=None, found=_find_kubernetes),
}
DEFAULT = "process"
"""The kind that works without anything on the machine: what AUTO means where nothing else is configured."""
