"""What plain processes make true."""

from typing import Final

HONOURED: Final = frozenset({"host_volumes"})
IGNORED: Final = frozenset({"images", "privileged", "read_only_root", "networks", "gpus"})
"""A root file system of its own, and the powers and networks within, are an image's: here is none. A process sees all
GPUs of the machine; they count when attempts are admitted."""
