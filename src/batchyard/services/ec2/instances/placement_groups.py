"""Placement groups: made, described, deleted. Instances here are rows, so where they stand means nothing.

The codes are those of the EC2 API reference; texts that are not told of in a thread beside them are a [guess].
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from batchyard.framework.check import ANY, Check
from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.services.ec2 import filters, pages
from batchyard.services.ec2.instances.instance_rows import every_instance
from batchyard.services.ec2.instances.placement_group_rows import find_placement_group, placement_groups
from batchyard.services.ec2.kept import Held
from batchyard.services.ec2.listings import described
from batchyard.services.ec2.nouns import PLACEMENT_GROUP
from batchyard.services.ec2.places import arn, place
from batchyard.services.ec2.refusals import invalid_combination, invalid_value, missing
from batchyard.services.ec2.resources import placement_group_check
from batchyard.services.ec2.service import ec2
from batchyard.services.ec2.tags.tag_specifications import by_type, checked, tag_keys, tagging_checks

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import (
        CreatePlacementGroupRequestTypeDef,
        DeletePlacementGroupRequestTypeDef,
        DescribePlacementGroupsRequestTypeDef,
    )

MOST_PARTITIONS = 7
"""Of each Availability Zone (EC2 User Guide, placement groups)."""
_FILTERS: dict[str, filters.Attribute] = {
    "group-arn": "GroupArn",
    "group-id": "GroupId",
    "group-name": "GroupName",
    "spread-level": "SpreadLevel",
    "state": "State",
    "strategy": "Strategy",
}


def _describe(ctx: Context, held: Held) -> dict[str, Any]:
    name = held.body["name"]
    return {
        "GroupId": held.id,
        "GroupName": name,
        "GroupArn": arn(place(ctx), f"placement-group/{name}"),
        "State": "available",
        **{key: value for key, value in held.body.items() if key != "name"},
    }


@ec2.operation(on=ANY, honours={"GroupNames", "GroupIds", "Filters"})
def describe_placement_groups(ctx: Context, request: DescribePlacementGroupsRequestTypeDef) -> dict[str, Any]:
    """The Region's placement groups, or those named."""
    found = [PLACEMENT_GROUP.require(ctx, one) for one in request.get("GroupIds") or ()]
    found += [_require(ctx, one) for one in request.get("GroupNames") or ()]
    if not request.get("GroupIds") and not request.get("GroupNames"):
        found = placement_groups.every(ctx)
    matches = filters.predicate(ctx, request.get("Filters"), _FILTERS)
    shown = [one for held in found if matches(one := described(ctx, _describe, held))]
    return pages.answer(ctx, {}, "PlacementGroups", shown, position="GroupId")


def _require(ctx: Context, name: str) -> Held:
    found = find_placement_group(ctx, name)
    if found is None:
        raise ApiError("InvalidPlacementGroup.Unknown", f"The Placement Group '{name}' is unknown.")
    return found


def _new_group(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    tags = by_type(request.get("TagSpecifications")).get("placement-group", {})
    whole = arn(place(ctx), f"placement-group/{request.get('GroupName', '*')}")
    keys = {
        **tag_keys(tags),
        "ec2:PlacementGroupName": request.get("GroupName", ""),
        "ec2:PlacementGroupStrategy": request.get("Strategy", "cluster"),
    }
    return [Check(resource=whole, context=keys), *tagging_checks("CreatePlacementGroup", [(whole, tags)])]


@ec2.operation(
    on=[_new_group],
    writes=True,
    honours={"GroupName", "Strategy", "PartitionCount", "SpreadLevel", "TagSpecifications"},
)
def create_placement_group(ctx: Context, request: CreatePlacementGroupRequestTypeDef) -> dict[str, Any]:
    """Make a placement group whose name the Region does not have."""
    tags = checked(request.get("TagSpecifications"), allowed={"placement-group"})
    name = request.get("GroupName")
    if not name:
        raise missing("groupName")
    if len(name) > 255 or not name.isascii():
        raise invalid_value(f"Value ({name}) for parameter groupName is invalid.")
    if find_placement_group(ctx, name) is not None:
        raise ApiError("InvalidPlacementGroup.Duplicate", f"The Placement Group '{name}' already exists.")
    made = placement_groups.add(
        ctx, "pg-", {"name": name, **_shape(request)}, tags.get("placement-group", {})
    )
    return {"PlacementGroup": described(ctx, _describe, made)}


def _shape(request: Any) -> dict[str, Any]:
    """Strategy with what only it has: partitions, or the level of the spread."""
    strategy = request.get("Strategy", "cluster")
    count, level = request.get("PartitionCount"), request.get("SpreadLevel")
    if count is not None and strategy != "partition":
        raise invalid_combination(
            "The parameter PartitionCount can only be used with the partition strategy."
        )
    if level is not None and strategy != "spread":
        raise invalid_combination("The parameter SpreadLevel can only be used with the spread strategy.")
    if strategy == "partition":
        count = 2 if count is None else count
        if not 1 <= count <= MOST_PARTITIONS:
            raise invalid_value(
                f"Value ({count}) for parameter partitionCount is invalid. Must be between 1 and {MOST_PARTITIONS}"
            )
        return {"Strategy": strategy, "PartitionCount": count}
    return (
        {"Strategy": strategy, "SpreadLevel": level or "rack"}
        if strategy == "spread"
        else {"Strategy": strategy}
    )


def _the_group(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    name = request["GroupName"]
    return [placement_group_check(ctx, find_placement_group(ctx, name), name)]


@ec2.operation(on=[_the_group], writes=True)
def delete_placement_group(ctx: Context, request: DeletePlacementGroupRequestTypeDef) -> dict[str, Any]:
    """Delete a placement group in which no instance is."""
    held = _require(ctx, request["GroupName"])
    name = held.body["name"]
    for chunk in every_instance(ctx.read, place(ctx), ""):
        for row in chunk:
            placed = (row.launched_with.get("Placement") or {}).get("GroupName")
            if placed == name and row.state != "terminated":
                raise ApiError(
                    "InvalidPlacementGroup.InUse",
                    f"The placement group '{name}' is in use and may not be deleted.",
                )
    placement_groups.remove(ctx, held)
    return {}
