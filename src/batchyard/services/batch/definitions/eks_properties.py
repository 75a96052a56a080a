"""eksProperties: the pod of a job on EKS. It is checked and read back; no engine here runs pods yet.

The texts are guesses; the rules are botocore's model (EksPodProperties, EksContainer) and the Batch user guide's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from batchyard.framework.context import Context
from batchyard.services.batch.refusals import refusal

MOST_CONTAINERS = 10
DEFAULT_NAME = "Default"
_NAME = re.compile(r"[a-zA-Z0-9]([-a-zA-Z0-9]{0,61}[a-zA-Z0-9])?")
_AMOUNT = {
    "cpu": re.compile(r"[0-9]+(\.[0-9]{1,2})?"),
    "memory": re.compile(r"[0-9]+Mi"),
    "nvidia.com/gpu": re.compile(r"[1-9][0-9]*"),
}
_CHOICES = {
    "imagePullPolicy": ("Always", "IfNotPresent", "Never"),
    "dnsPolicy": ("Default", "ClusterFirst", "ClusterFirstWithHostNet"),
}
_VOLUMES = ("hostPath", "emptyDir", "secret", "persistentVolumeClaim")
RESERVED = "AWS_BATCH"


def check_eks_properties(ctx: Context, given: Mapping[str, Any], platforms: Sequence[str]) -> None:
    """Raise ClientException for eksProperties that Batch refuses."""
    if "FARGATE" in platforms:
        raise refusal(ctx, "eksProperties is not applicable for Fargate.")
    pod = given.get("podProperties")
    if not pod:
        raise refusal(ctx, "podProperties is required in eksProperties.")
    _check_choice(ctx, pod, "dnsPolicy")
    volumes = _volumes(ctx, pod.get("volumes") or ())
    names: set[str] = set()
    for member, least in (("containers", 1), ("initContainers", 0)):
        containers = pod.get(member) or ()
        if not least <= len(containers) <= MOST_CONTAINERS:
            raise refusal(ctx, f"podProperties must have between {least} and {MOST_CONTAINERS} {member}.")
        for one in containers:
            name = one.get("name", DEFAULT_NAME)
            if not _NAME.fullmatch(name):
                raise refusal(ctx, f"Container name {name} is not valid.")
            if name in names:
                raise refusal(ctx, f"Container name {name} is not unique in the pod.")
            names.add(name)
            _check_container(ctx, one, volumes)


def _check_choice(ctx: Context, given: Mapping[str, Any], member: str) -> None:
    if member in given and given[member] not in _CHOICES[member]:
        raise refusal(ctx, f"{member} must be one of {', '.join(_CHOICES[member])}.")


def _volumes(ctx: Context, given: Sequence[Mapping[str, Any]]) -> set[str]:
    """The names of a pod's volumes, each of one kind."""
    found: set[str] = set()
    for one in given:
        kinds = [kind for kind in _VOLUMES if one.get(kind) is not None]
        if len(kinds) != 1:
            raise refusal(ctx, f"Volume {one['name']} must have exactly one of {', '.join(_VOLUMES)}.")
        if one["name"] in found:
            raise refusal(ctx, f"Volume name {one['name']} is not unique in the pod.")
        found.add(one["name"])
    return found


def _check_container(ctx: Context, given: Mapping[str, Any], volumes: set[str]) -> None:
    if not given["image"]:
        raise refusal(ctx, "image is required in a container of podProperties.")
    _check_choice(ctx, given, "imagePullPolicy")
    for one in given.get("env") or ():
        if one["name"].startswith(RESERVED):
            raise refusal(ctx, f"Environment variable {one['name']} cannot start with {RESERVED}.")
    for one in given.get("volumeMounts") or ():
        if one.get("name") not in volumes:
            raise refusal(ctx, f"volumeMounts names the volume {one.get('name')}, which is not in volumes.")
    _check_resources(ctx, given.get("resources") or {})


def _check_resources(ctx: Context, given: Mapping[str, Any]) -> None:
    """cpu and memory are required, in limits or requests; of memory and GPUs both are the same (botocore's model)."""
    limits, requests = given.get("limits") or {}, given.get("requests") or {}
    for where, amounts in (("limits", limits), ("requests", requests)):
        for name, value in amounts.items():
            if name not in _AMOUNT:
                raise refusal(ctx, f"{name} is not a resource; resources are {', '.join(_AMOUNT)}.")
            if not _AMOUNT[name].fullmatch(value):
                raise refusal(ctx, f"{value} is not valid for {name} in {where}.")
    for name in ("cpu", "memory"):
        if name not in limits and name not in requests:
            raise refusal(ctx, f"{name} is required in limits or requests of a container's resources.")
    for name in ("memory", "nvidia.com/gpu"):
        if name in limits and name in requests and limits[name] != requests[name]:
            raise refusal(ctx, f"{name} must be the same in limits and requests.")
