"""What a job is, resolved at its submission: the definition with the request laid over it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from batchyard.framework.context import Context
from batchyard.services.batch.consumables import requirements
from batchyard.services.batch.definitions.job_tasks import CONTAINER
from batchyard.services.batch.definitions.retry_strategies import checked_retry_strategy, checked_timeout
from batchyard.services.batch.definitions.sizes import Sizes, check_sizes, sizes_of, sizes_of_task
from batchyard.services.batch.jobs.container_overrides import overridden
from batchyard.services.batch.refusals import refusal
from batchyard.services.batch.tags import check_tags

LARGEST_BYTES = 30 * 1024
"""Of a SubmitJob request (batch-jobs.md 13)."""
_SIZING = {"resourceRequirements", "vcpus", "memory"}


class Container(NamedTuple):
    """The containers of a job: what DescribeJobs shows of them, what RunTask changes, how much they ask for."""

    shown: dict[str, Any]
    """`{"container": …}` or `{"ecsProperties": …}`, a part of the spec."""
    changes: dict[str, dict[str, Any]]
    """By a container's name: command, environment and sizes, where they are not the task definition's."""
    sizes: Sizes


def resolve(
    ctx: Context, request: Any, body: dict[str, Any], *, platform: str
) -> tuple[dict[str, Any], Sizes]:
    """The job's `spec` and sizes; raises ClientException for what Batch refuses.

    `body` is the job definition's. `changes` in the spec is what RunTask overrides of its task definition.
    """
    parameters = {**body["parameters"], **(request.get("parameters") or {})}
    found = containers_of(ctx, request, body, parameters, platform=platform)
    check_sizes(ctx, found.sizes, platform)
    spec: dict[str, Any] = {
        **found.shown,
        "parameters": parameters,
        "platformCapabilities": body["platformCapabilities"],
        "dependsOn": request.get("dependsOn") or [],
        "propagateTags": request.get("propagateTags", body.get("propagateTags", False)),
        "changes": found.changes,
    }
    if needs := requirements.overridden(ctx, body, request):
        spec["consumableResourceProperties"] = needs
    for member, check in (("retryStrategy", checked_retry_strategy), ("timeout", checked_timeout)):
        if request.get(member):
            spec[member] = check(ctx, request[member])
        elif member in body:
            spec[member] = body[member]
    check_tags(ctx, request.get("tags") or {})
    return spec, found.sizes


def containers_of(
    ctx: Context,
    request: Mapping[str, Any],
    body: Mapping[str, Any],
    parameters: Mapping[str, str],
    *,
    platform: str,
) -> Container:
    """What `containerOverrides` or `ecsPropertiesOverride` of a request make of `body`'s containers (the texts are
    guesses)."""
    if "ecsProperties" in body:
        if request.get("containerOverrides"):
            raise refusal(ctx, "containerOverrides is not applicable for jobs of ecsProperties")
        return _of_task(ctx, request.get("ecsPropertiesOverride") or {}, body, parameters, platform=platform)
    if (request.get("ecsPropertiesOverride") or {}).get("taskProperties"):
        raise refusal(ctx, "ecsPropertiesOverride is only applicable for jobs of ecsProperties")
    given = request.get("containerOverrides") or {}
    if given.get("instanceType"):
        raise refusal(ctx, "instanceType is only applicable for multi-node parallel jobs.")
    defined = body["containerProperties"]
    container = overridden(ctx, defined, given, parameters, platform=platform)
    sizes = sizes_of(ctx, container)
    resized = bool(given.keys() & _SIZING) and sizes != sizes_of(ctx, defined)
    changes = _changes(defined, container, given, sizes if resized else None)
    return Container({"container": container}, {CONTAINER: changes} if changes else {}, sizes)


def _of_task(
    ctx: Context,
    given: Mapping[str, Any],
    body: Mapping[str, Any],
    parameters: Mapping[str, str],
    *,
    platform: str,
) -> Container:
    """The containers of ecsProperties, each with its overrides by name (the texts are guesses)."""
    tasks = given.get("taskProperties") or [{}]
    if len(tasks) != 1:
        raise refusal(ctx, "ecsPropertiesOverride must have at most one element in taskProperties.")
    (task,) = body["ecsProperties"]["taskProperties"]
    by_name = _overrides_by_name(ctx, tasks[0], task)
    containers: list[dict[str, Any]] = []
    changes: dict[str, dict[str, Any]] = {}
    for defined in task["containers"]:
        name = defined["name"]
        override = by_name.get(name, {})
        container = overridden(ctx, defined, override, parameters, platform=platform)
        sizes = sizes_of(ctx, container)
        resized = bool(override.keys() & _SIZING) and sizes != sizes_of(ctx, defined)
        if changed := _changes(defined, container, override, sizes if resized else None):
            changes[name] = changed
        containers.append(container)
    shown = {"ecsProperties": {"taskProperties": [{**task, "containers": containers}]}}
    return Container(shown, changes, sizes_of_task(ctx, containers))


def _overrides_by_name(
    ctx: Context, given: Mapping[str, Any], task: Mapping[str, Any]
) -> dict[str, Mapping[str, Any]]:
    """A single container needs no name there [guess], nor has its text a source."""
    names = [one["name"] for one in task["containers"]]
    found: dict[str, Mapping[str, Any]] = {}
    for one in given.get("containers") or ():
        name = one.get("name") or (names[0] if len(names) == 1 else "")
        if name not in names or name in found:
            raise refusal(
                ctx, f"Container '{name}' of ecsPropertiesOverride is not one of the job definition's."
            )
        found[name] = one
    return found


def _changes(
    defined: Mapping[str, Any], container: Mapping[str, Any], given: Mapping[str, Any], sizes: Sizes | None
) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if container["command"] != defined["command"]:
        changes["command"] = container["command"]
    if given.get("environment"):
        changes["environment"] = given["environment"]
    if sizes is not None:
        changes["sizes"] = {"vcpus": sizes.vcpus, "memory": sizes.memory_mib, "gpus": sizes.gpus}
    return changes
