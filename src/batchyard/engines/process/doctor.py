"""What this machine lets the process engine do."""

import os


def cores() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def slots_of(given: int) -> int:
    """How many attempts run at once where the settings say `given`: 0 means twice the cores."""
    return given or 2 * cores()


def found(slots: int) -> str:
    """What runs here, in one sentence."""
    return f"commands run as processes of this machine, {slots_of(slots)} at once; images have no effect"
