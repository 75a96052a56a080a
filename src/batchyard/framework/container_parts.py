"""What Batch and ECS check alike of a task's containers: volumes, mounts, limits, Linux parameters, secrets, logs.

Names of ulimits, and what Fargate does not take: batch-jobs.md 7. The texts about an unknown volume and a shared name
of a secret are ECS's (people's logs); those about volumes of several kinds, folders on Fargate and options of awslogs
were probed (what-aws-says.md 30, 36); the others were not compared with AWS's [guess].
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from batchyard.framework.errors import ApiError

ULIMITS = frozenset(
    (
        "core",
        "cpu",
        "data",
        "fsize",
        "locks",
        "memlock",
        "msgqueue",
        "nice",
        "nofile",
        "nproc",
        "rss",
        "rtprio",
        "rttime",
        "sigpending",
        "stack",
    )
)
NOT_ON_FARGATE = ("devices", "sharedMemorySize", "tmpfs", "maxSwap", "swappiness")
MOST_SWAPPINESS = 100
AWSLOGS_OPTIONS = (
    "awslogs-group",
    "awslogs-region",
    "awslogs-stream-prefix",
    "awslogs-create-group",
    "awslogs-datetime-format",
    "awslogs-multiline-pattern",
    "mode",
    "max-buffer-size",
)
"""All that the awslogs driver takes (Batch and ECS user guides, "Using the awslogs log driver")."""
KINDS_OF_VOLUMES = ("host", "efsVolumeConfiguration", "s3filesVolumeConfiguration")
SHORTEST_STORAGE_GIB, LONGEST_STORAGE_GIB = 21, 200
SHORTEST_TIMEOUT_SECONDS, LONGEST_TIMEOUT_SECONDS = 2, 120
_PERMISSIONS = ("READ", "WRITE", "MKNOD")
_VOLUME_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
_SECRET = re.compile(
    r"arn:[a-z0-9-]+:(secretsmanager:[a-z0-9-]*:[0-9]{12}:secret:.+|ssm:[a-z0-9-]*:[0-9]{12}:parameter/.+)"
)
_PARAMETER_NAME = re.compile(r"[A-Za-z0-9_.\-/]{1,2048}")
_BUFFER_SIZE = re.compile(r"[0-9]{1,9}[bkmgBKMG]?")
_MULTILINE = ("awslogs-datetime-format", "awslogs-multiline-pattern")

Refuse = Callable[[str], ApiError]
"""Makes the service's own error of a text."""


def check_volumes(volumes: Sequence[Mapping[str, Any]], refuse: Refuse, *, fargate: bool) -> None:
    """Each has a name of its own and is of one kind; folders of the host are absolute, and Fargate has none."""
    names: set[str] = set()
    for volume in volumes:
        name = volume.get("name")
        if not name:
            raise refuse("Volume name should not be null or empty.")
        if not _VOLUME_NAME.fullmatch(name):
            raise refuse(f"Volume name {name} must match [A-Za-z0-9_-]{{1,255}}.")
        if name in names:
            raise refuse(f"Duplicate volume name: {name}.")
        names.add(name)
        if sum(bool(volume.get(kind)) for kind in KINDS_OF_VOLUMES) > 1:
            raise refuse(
                "When the volume parameter is specified, only one volume configuration type should be used."
            )
        path = (volume.get("host") or {}).get("sourcePath")
        if path is not None and not path.startswith("/"):
            raise refuse(f"host.sourcePath of volume '{name}' must be an absolute path.")
        if path is not None and fargate:
            raise refuse("host.sourcePath should not be set for volumes in Fargate.")
        if volume.get("efsVolumeConfiguration"):
            _check_efs(name, volume["efsVolumeConfiguration"], refuse)
        _check_root(name, volume.get("s3filesVolumeConfiguration") or {}, "accessPointArn", refuse)


def _check_efs(name: str, given: Mapping[str, Any], refuse: Refuse) -> None:
    """What botocore's texts of EFSVolumeConfiguration and EFSAuthorizationConfig rule out."""
    authorization = given.get("authorizationConfig") or {}
    is_encrypted = given.get("transitEncryption") == "ENABLED"
    is_authorized = "ENABLED" in authorization.values() or authorization.get("accessPointId")
    if is_authorized and not is_encrypted:
        raise refuse(
            f"Transit encryption must be enabled in volume '{name}', as it uses IAM authorization or an access point."
        )
    if not 0 <= given.get("transitEncryptionPort", 0) <= 65535:
        raise refuse("transitEncryptionPort must be between 0 and 65535.")
    _check_root(name, {**given, **authorization}, "accessPointId", refuse)


def _check_root(name: str, given: Mapping[str, Any], access_point: str, refuse: Refuse) -> None:
    root = given.get("rootDirectory") or "/"
    if given.get(access_point) and root != "/":
        raise refuse(f"rootDirectory of volume '{name}' must be / or left out, as it names an access point.")
    if not root.startswith("/") or ".." in root.split("/"):
        raise refuse(f"rootDirectory of volume '{name}' must be an absolute path without '..'.")


def check_parts(
    container: Mapping[str, Any], volumes: Sequence[Mapping[str, Any]], refuse: Refuse, *, fargate: bool
) -> None:
    """Raise what `refuse` makes for what AWS refuses of one container; `volumes` are its task's."""
    names = {one.get("name") for one in volumes}
    paths: set[str] = set()
    for mount in container.get("mountPoints") or ():
        path = mount.get("containerPath", "")
        if mount.get("sourceVolume") not in names:
            raise refuse("Unknown volume.")
        if not path.startswith("/"):
            raise refuse("containerPath of a mount point must be an absolute path.")
        if path.rstrip("/") in paths or not path.strip("/"):
            raise refuse(
                f"Duplicate mount point: {path}." if path.strip("/") else "A container's / is no mount point."
            )
        paths.add(path.rstrip("/"))
    for limit in container.get("ulimits") or ():
        if limit["name"] not in ULIMITS:
            raise refuse(f"Ulimit name {limit['name']} is not supported.")
        if -1 not in (limit["softLimit"], limit["hardLimit"]) and limit["softLimit"] > limit["hardLimit"]:
            raise refuse(f"The soft limit of ulimit {limit['name']} is higher than its hard limit.")
        if min(limit["softLimit"], limit["hardLimit"]) < -1:
            raise refuse(f"A limit of ulimit {limit['name']} is less than -1, which is unlimited.")
    _check_linux(container.get("linuxParameters") or {}, refuse, fargate=fargate)
    check_secrets(container, refuse)


def check_timeouts(container: Mapping[str, Any], names: Sequence[str], refuse: Refuse) -> None:
    """2 to 120 seconds (botocore's texts of TaskContainerProperties and ContainerDefinition)."""
    for name in names:
        seconds = container.get(name)
        if seconds is not None and not SHORTEST_TIMEOUT_SECONDS <= seconds <= LONGEST_TIMEOUT_SECONDS:
            raise refuse(
                f"{name} must be between {SHORTEST_TIMEOUT_SECONDS} and {LONGEST_TIMEOUT_SECONDS} seconds."
            )


def _check_linux(given: Mapping[str, Any], refuse: Refuse, *, fargate: bool) -> None:
    for member in NOT_ON_FARGATE:
        if fargate and given.get(member):
            raise refuse(f"linuxParameter.{member} is not allowed for Fargate.")
    for device in given.get("devices") or ():
        if not device["hostPath"].startswith("/"):
            raise refuse("hostPath of a device must be an absolute path.")
        for one in device.get("permissions") or ():
            if one.upper() not in _PERMISSIONS:
                raise refuse(f"Device permission {one} is not one of {', '.join(_PERMISSIONS)}.")
    for one in given.get("tmpfs") or ():
        if one["size"] < 1 or not one["containerPath"].startswith("/") or not one["containerPath"].strip("/"):
            raise refuse("A tmpfs must have a size of at least 1 MiB and an absolute containerPath.")
    if given.get("sharedMemorySize", 1) < 1:
        raise refuse("sharedMemorySize must be at least 1 MiB.")
    if given.get("maxSwap", 0) < 0 or not 0 <= given.get("swappiness", 0) <= MOST_SWAPPINESS:
        raise refuse(f"maxSwap must not be negative, and swappiness must be between 0 and {MOST_SWAPPINESS}.")


def check_secrets(container: Mapping[str, Any], refuse: Refuse) -> None:
    """Names are a container's own, and each has where its value comes from."""
    taken = {pair.get("name") for pair in container.get("environment") or ()}
    options = (container.get("logConfiguration") or {}).get("secretOptions") or ()
    for secret in container.get("secrets") or ():
        if secret["name"] in taken:
            raise refuse(
                "The secret name must be unique and not shared with any new or existing environment variables set on"
                f" the container, such as '{secret['name']}'"
            )
        taken.add(secret["name"])
    for secret in (*(container.get("secrets") or ()), *options):
        source = secret["valueFrom"]
        known = _SECRET if source.startswith("arn:") else _PARAMETER_NAME
        if not secret["name"] or not known.fullmatch(source):
            raise refuse(
                f"Secret '{secret['name']}' must have a name, and valueFrom must be the ARN of a secret in Secrets"
                " Manager, or the name or ARN of a parameter in Parameter Store."
            )


def check_awslogs(options: Mapping[str, str], refuse: Refuse) -> None:
    """Raise what `refuse` makes for options that the awslogs driver does not take."""
    for option in options:
        if option not in AWSLOGS_OPTIONS:
            raise refuse(f"Log driver awslogs disallows options: {option}")
    if all(options.get(one) for one in _MULTILINE):
        raise refuse(f"Log driver awslogs takes one of {' and '.join(_MULTILINE)}, not both.")
    checks: Mapping[str, Callable[[str], Any]] = {
        "awslogs-create-group": lambda text: text.lower() in ("true", "false"),
        "mode": lambda text: text in ("blocking", "non-blocking"),
        "max-buffer-size": _BUFFER_SIZE.fullmatch,
    }
    for option, is_good in checks.items():
        if option in options and not is_good(options[option]):
            raise refuse(f"Log driver awslogs: '{options[option]}' is no value of {option}.")


def check_storage(given: Mapping[str, Any] | None, refuse: Refuse) -> None:
    """ephemeralStorage: 21 to 200 GiB (botocore's text of EphemeralStorage)."""
    if given and not SHORTEST_STORAGE_GIB <= given["sizeInGiB"] <= LONGEST_STORAGE_GIB:
        raise refuse(
            f"ephemeralStorage must be between {SHORTEST_STORAGE_GIB} and {LONGEST_STORAGE_GIB} GiB."
        )
