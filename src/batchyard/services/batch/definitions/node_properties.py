"""nodeProperties: what a definition of type multinode may say of its nodes (what-aws-says.md 37)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from batchyard.framework.context import Context
from batchyard.services.batch.definitions import container_properties, ecs_properties
from batchyard.services.batch.definitions.container_properties import check_container
from batchyard.services.batch.definitions.ecs_properties import check_ecs_properties
from batchyard.services.batch.definitions.node_ranges import NodeRange, node_range, owners
from batchyard.services.batch.refusals import refusal

MOST_NODES = 1000
MOST_RANGES = 5
ON_EC2 = ("EC2",)


def checked_nodes(ctx: Context, given: Mapping[str, Any] | None) -> dict[str, Any]:
    """nodeProperties as they are kept and shown; raises ClientException for what Batch refuses.

    Texts: what-aws-says.md 37; those of missing containers and of nodes without a range are [guess].
    """
    if not given:
        raise refusal(ctx, "Node properties of multinode job is required.")
    count, main = given["numNodes"], given["mainNode"]
    check_count(ctx, count, main)
    ranges = given["nodeRangeProperties"]
    if not ranges:
        raise refusal(ctx, "Node range properties of multinode job is required.")
    if len(ranges) > MOST_RANGES:
        raise refusal(ctx, f"Maximum allowed size of node range properties is {MOST_RANGES}")
    targets = [target_of(ctx, one["targetNodes"]) for one in ranges]
    for target in targets:
        if max(target.first, target.last or 0) >= count:
            raise refusal(ctx, f"Node range {target} is out of range, must be less than numNodes.")
    check_coverage(ctx, targets, count)
    shown = [{"targetNodes": one["targetNodes"], **_checked_range(ctx, one)} for one in ranges]
    return {"numNodes": count, "mainNode": main, "nodeRangeProperties": shown}


def _checked_range(ctx: Context, given: Mapping[str, Any]) -> dict[str, Any]:
    """`container` or `ecsProperties` of a range, as a definition of one task has them [guess: the text]."""
    container, ecs = given.get("container"), given.get("ecsProperties")
    if bool(container) == bool(ecs):
        raise refusal(ctx, "Exactly one of container and ecsProperties must be specified for each node range")
    if ecs:
        check_ecs_properties(ctx, ecs, ON_EC2)
        return {"ecsProperties": ecs_properties.with_defaults(ecs, ON_EC2)}
    check_container(ctx, container or {}, ON_EC2, is_node=True)
    return {"container": container_properties.with_defaults(container or {}, ON_EC2)}


def check_count(ctx: Context, count: int, main: int) -> None:
    """Raise ClientException for a number of nodes, or a main node, that cannot be (texts: what-aws-says.md 37)."""
    if not 1 <= count <= MOST_NODES:
        raise refusal(ctx, f"Number of nodes must be between 1 and {MOST_NODES}.")
    if not 0 <= main < count:
        raise refusal(ctx, "Main node index is out of range, must be less than numNodes.")


def check_coverage(ctx: Context, targets: Sequence[NodeRange], count: int) -> None:
    """Raise ClientException where a node has no range [guess: the text]."""
    missing = next((index for index, owner in enumerate(owners(targets, count)) if owner is None), None)
    if missing is not None:
        raise refusal(ctx, f"Node ranges must account for all nodes: none has node {missing}.")


def target_of(ctx: Context, text: str) -> NodeRange:
    """The nodes that targetNodes mean; raises ClientException where they are none (text: what-aws-says.md 37)."""
    found = node_range(text)
    if found is None:
        raise refusal(ctx, "targetNodes should contain only digits.")
    return found


def of_range(body: Mapping[str, Any], place: int) -> dict[str, Any]:
    """A multinode definition's body as that of a job of one task, for the nodes of one range."""
    own = body["nodeProperties"]["nodeRangeProperties"][place]
    kept = {member: value for member, value in body.items() if member != "nodeProperties"}
    if "ecsProperties" in own:
        return {**kept, "ecsProperties": own["ecsProperties"]}
    return {**kept, "containerProperties": own["container"]}
