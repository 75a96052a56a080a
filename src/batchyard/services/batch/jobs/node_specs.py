"""What a multi-node parallel job is, resolved at its submission: each range of nodes as a job of one container is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from batchyard.framework.context import Context
from batchyard.services.batch.definitions.node_properties import (
    check_count,
    check_coverage,
    of_range,
    target_of,
)
from batchyard.services.batch.definitions.node_ranges import node_range, owners
from batchyard.services.batch.definitions.sizes import Sizes
from batchyard.services.batch.jobs import job_specs
from batchyard.services.batch.refusals import refusal

_OF_RANGE = ("container", "ecsProperties", "changes")
"""What a range's nodes have of their own in a spec; the rest is the whole job's."""


def check_members(ctx: Context, request: Mapping[str, Any], *, multinode: bool) -> None:
    """Raise ClientException for members that are of the other type of job [guess: the texts]."""
    if multinode:
        for member in ("containerOverrides", "ecsPropertiesOverride", "arrayProperties"):
            if request.get(member):
                raise refusal(ctx, f"{member} is not applicable for multi-node parallel jobs.")
    elif request.get("nodeOverrides"):
        raise refusal(ctx, "nodeOverrides is only applicable for multi-node parallel jobs.")


def resolve(ctx: Context, request: Any, body: dict[str, Any]) -> tuple[dict[str, Any], Sizes]:
    """The job's `spec` and the sizes of all of its nodes together; raises ClientException for what Batch refuses.

    `nodes` in the spec has `numNodes`, `mainNode` and `ranges`: of each its targetNodes and sizes, and what the spec of
    a job of one task has (`container` or `ecsProperties`, and `changes`).
    """
    overrides = request.get("nodeOverrides") or {}
    properties = body["nodeProperties"]
    given = properties["nodeRangeProperties"]
    count = _count(ctx, properties, overrides)
    changes = _by_range(ctx, given, overrides)
    shared: dict[str, Any] = {}
    ranges: list[dict[str, Any]] = []
    for place, one in enumerate(given):
        like_one = {**request, **changes.get(place, {})}
        spec, sizes = job_specs.resolve(ctx, like_one, of_range(body, place), platform="EC2")
        own = {member: spec[member] for member in _OF_RANGE if member in spec}
        ranges.append({"targetNodes": one["targetNodes"], "sizes": list(sizes), **own})
        shared = {member: value for member, value in spec.items() if member not in _OF_RANGE}
    nodes = {"numNodes": count, "mainNode": properties["mainNode"], "ranges": ranges}
    return {**shared, "nodes": nodes}, _together(nodes)


def task_specs(spec: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The spec of a job of one task, or what that is of each range of nodes."""
    nodes = spec.get("nodes")
    if nodes is None:
        return [spec]
    ranges: list[Mapping[str, Any]] = nodes["ranges"]
    return ranges


def range_places(nodes: Mapping[str, Any]) -> list[int]:
    """For each node of a spec's `nodes` the place of its range."""
    targets = [target for one in nodes["ranges"] if (target := node_range(one["targetNodes"])) is not None]
    return [place for place in owners(targets, nodes["numNodes"]) if place is not None]


def node_sizes(nodes: Mapping[str, Any]) -> list[Sizes]:
    """What each node takes."""
    sizes = [Sizes(*one["sizes"]) for one in nodes["ranges"]]
    return [sizes[place] for place in range_places(nodes)]


def _together(nodes: Mapping[str, Any]) -> Sizes:
    sizes = node_sizes(nodes)
    return Sizes(
        vcpus=sum(one.vcpus for one in sizes),
        memory_mib=sum(one.memory_mib for one in sizes),
        gpus=sum(one.gpus for one in sizes),
    )


def _count(ctx: Context, properties: Mapping[str, Any], overrides: Mapping[str, Any]) -> int:
    """How many nodes there are [doc: BOTO NodeOverrides.numNodes; text recorded: what-aws-says.md 37]."""
    count: int | None = overrides.get("numNodes")
    if count is None:
        defined: int = properties["numNodes"]
        return defined
    targets = [target_of(ctx, one["targetNodes"]) for one in properties["nodeRangeProperties"]]
    if all(target.last is not None for target in targets):
        text = (
            "NumNodes override can only be applied if the job definition has at least 1 target node without a"
            " range_end i.e (:) or (range_start:)."
        )
        raise refusal(ctx, text)
    check_count(ctx, count, properties["mainNode"])
    for target in targets:
        if target.first >= count:
            raise refusal(ctx, f"Node range {target} is out of range, must be less than numNodes.")
    check_coverage(ctx, targets, count)
    return count


def _by_range(ctx: Context, given: Any, overrides: Mapping[str, Any]) -> dict[int, Any]:
    """The overrides of each range, by its place; the targets must be the definition's (text recorded)."""
    places = {target_of(ctx, one["targetNodes"]): place for place, one in enumerate(given)}
    changes: dict[int, Any] = {}
    for one in overrides.get("nodePropertyOverrides") or ():
        target = target_of(ctx, one["targetNodes"])
        if target not in places:
            text = f"NodeOverride targets should match job definition. Non matching targets - {target}"
            raise refusal(ctx, text)
        members = ("containerOverrides", "ecsPropertiesOverride")
        changes[places[target]] = {member: one[member] for member in members if one.get(member)}
    return changes
