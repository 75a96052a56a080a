"""What an engine makes true of a task, beyond running commands: the words that parameters and engines share."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final, Literal

ABILITIES: Final[Mapping[str, str]] = {
    "images": "the container's image",
    "own_entry_point": "the image's own entry point and command",
    "several_containers": "several containers of one task",
    "host_volumes": "a folder of the host at the same path in the container",
    "read_only_volumes": "volumes that the container cannot write",
    "other_paths": "a volume at another path than on the host, and volumes that end with the task",
    "tmpfs": "a file system in memory",
    "shared_memory": "the size of /dev/shm",
    "swap": "limits of swap",
    "user": "the user of the container",
    "working_directory": "the working directory",
    "ulimits": "ulimits",
    "devices": "devices of the host",
    "gpus": "GPUs",
    "privileged": "privileged containers",
    "read_only_root": "a root file system that cannot be written",
    "init": "a first process that reaps what others leave",
    "networks": "network modes other than host, none and awsvpc",
    "namespaces": "process and IPC namespaces that a task shares with the host, or its containers with each other",
    "ephemeral_storage": "an amount of disk of the task's own",
    "execute_command": "commands that ECS Exec runs in a container",
    "secrets": "values from Secrets Manager or Parameter Store",
    "registry_credentials": "credentials of a private registry, from Secrets Manager",
    "log_drivers": "log drivers other than awslogs",
    "arm64": "programs for ARM64",
    "windows": "Windows",
}
"""Name → what it is, as it stands in docs and refusals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """What one engine makes true. Raises ValueError for a name that is not in ABILITIES."""

    honoured: frozenset[str] = frozenset()
    ignored: frozenset[str] = frozenset()
    """What may be asked for and has no effect: documented, and no reason to refuse a job."""
    groups: frozenset[Literal["array", "gang"]] = frozenset()
    """The kinds of groups that it takes in one submission."""
    queues: bool = False
    """Whether it has a queue of its own, and so decides itself what starts next."""
    isolation: Literal["server", "account", "container"] = "server"
    """Whose user a job is: the server's; one of its account's own; the container's."""
    reach: Literal["loopback", "network"] = "loopback"
    """Where its jobs are: on this machine's loopback, or elsewhere, where SDKs take credentials over https only."""

    def __post_init__(self) -> None:
        unknown = (self.honoured | self.ignored) - ABILITIES.keys()
        if unknown:
            raise ValueError(f"no abilities: {', '.join(sorted(unknown))}")

    def lacking(self, needs: Collection[str]) -> frozenset[str]:
        """Of these needs, those that this engine can neither make true nor ignore."""
        return frozenset(needs) - self.honoured - self.ignored
