"""What a job is, resolved at its submission: the definition with the request laid over it."""

from __future__ import annotations

from typing import Any

from batchyard.framework.context import Context
from batchyard.services.batch.consumables import requirements
from batchyard.services.batch.definitions.container_properties import Sizes, check_sizes, sizes_of
from batchyard.services.batch.definitions.retry_strategies import checked_retry_strategy, checked_timeout
from batchyard.services.batch.jobs.container_overrides import overridden
from batchyard.services.batch.tags import check_tags

LARGEST_BYTES = 30 * 1024
"""Of a SubmitJob request (batch-jobs.md 13)."""
_SIZING = {"resourceRequirements", "vcpus", "memory"}


def resolve(
    ctx: Context, request: Any, body: dict[str, Any], *, platform: str
) -> tuple[dict[str, Any], Sizes]:
    """The job's `spec` and sizes; raises ClientException for what Batch refuses.

    `body` is the job definition's. `changes` in the spec is what RunTask overrides of its task definition.
    """
    given = request.get("containerOverrides") or {}
    defined = body["containerProperties"]
    parameters = {**body["parameters"], **(request.get("parameters") or {})}
    container = overridden(ctx, defined, given, parameters)
    sizes = sizes_of(ctx, container)
    check_sizes(ctx, sizes, platform)
    changes: dict[str, Any] = {}
    if container["command"] != defined["command"]:
        changes["command"] = container["command"]
    if given.get("environment"):
        changes["environment"] = given["environment"]
    if given.keys() & _SIZING and sizes != sizes_of(ctx, defined):
        changes["sizes"] = True
    spec: dict[str, Any] = {
        "container": container,
        "parameters": parameters,
        "platformCapabilities": body["platformCapabilities"],
        "dependsOn": request.get("dependsOn") or [],
        "propagateTags": request.get("propagateTags", body.get("propagateTags", False)),
        "changes": changes,
    }
    if needs := requirements.overridden(ctx, body, request):
        spec["consumableResourceProperties"] = needs
    for member, check in (("retryStrategy", checked_retry_strategy), ("timeout", checked_timeout)):
        if request.get(member):
            spec[member] = check(ctx, request[member])
        elif member in body:
            spec[member] = body[member]
    check_tags(ctx, request.get("tags") or {})
    return spec, sizes
