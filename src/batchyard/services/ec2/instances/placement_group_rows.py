"""Placement groups as kept; ARNs and launches name them by name, tags by id."""

from __future__ import annotations

from batchyard.framework.context import Context
from batchyard.services.ec2.kept import Held, Kept, Quota

placement_groups = Kept(
    "placement-group",
    quota=Quota(
        500, "PlacementGroupLimitExceeded", "The maximum number of placement groups has been reached."
    ),
)


def find_placement_group(ctx: Context, name: str) -> Held | None:
    """A placement group by its name."""
    return next((one for one in placement_groups.every(ctx) if one.body["name"] == name), None)
