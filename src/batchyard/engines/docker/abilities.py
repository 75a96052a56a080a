"""What containers of Docker or Podman make true."""

from typing import Final

HONOURED: Final = frozenset(
    {
        "images",
        "own_entry_point",
        "several_containers",
        "host_volumes",
        "read_only_volumes",
        "other_paths",
        "tmpfs",
        "shared_memory",
        "swap",
        "user",
        "working_directory",
        "ulimits",
        "devices",
        "gpus",
        "privileged",
        "read_only_root",
        "init",
        "networks",
        "namespaces",
    }
)
IGNORED: Final = frozenset({"ephemeral_storage"})
"""A container has the disk that the daemon has."""
