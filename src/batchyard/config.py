"""The settings of a server: each a field here, a flag of `serve` and a BATCHYARD_… variable."""

from dataclasses import dataclass
from pathlib import Path

ENGINES = ("auto", "process", "docker", "slurm", "kubernetes")


@dataclass(frozen=True, slots=True)
class Settings:
    """What a running server was told. Durations are seconds."""

    host: str = "127.0.0.1"
    """The address to listen on."""
    port: int = 4566
    """The port to listen on; 0 takes a free one."""
    data_dir: Path | None = None
    """Where everything is kept; None: ~/.local/share/batchyard."""
    ephemeral: bool = False
    """Keep everything in memory and end the jobs with the server."""
    engine: str = "auto"
    """What runs containers: auto, process."""
    slots: int = 0
    """How many attempts run at once; 0: twice the machine's cores."""
    pace: float = 0.3
    """The shortest stay in a transitional state (CREATING, UPDATING, DELETING, IN_PROGRESS)."""
    scale_down_delay: float = 60.0
    """How long an instance stays idle before Batch ends it, where no scalingPolicy says otherwise."""
    development_credentials: bool = True
    """Accept test/test and <twelve digits>/test as root credentials, on loopback only."""
    test_clock: bool = False
    """Open POST /_batchyard/clock?advance=SECONDS (loopback and ephemeral only)."""
    controller_threads: int = 4
    """How many threads drive the controllers."""
    request_threads: int = 4
    """How many threads read large requests."""
