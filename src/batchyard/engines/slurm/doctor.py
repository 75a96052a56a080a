"""What this machine has of Slurm."""

import shutil
import subprocess

_SECONDS = 3


def found() -> str:
    """The version of Slurm's commands, and whether a controller answers them."""
    if shutil.which("sbatch") is None or shutil.which("sinfo") is None:
        return "no sbatch and sinfo on the PATH"
    version = _printed("sbatch", "--version")
    partitions = _printed("sinfo", "--noheader", "--format=%P")
    if partitions is None:
        return f"{version}, but no controller answers sinfo"
    return f"{version}, partitions {', '.join(partitions.split())}"


def _printed(*command: str) -> str | None:
    """What a command prints; None where it fails, or takes too long."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
