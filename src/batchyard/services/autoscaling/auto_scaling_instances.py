"""Instances of groups: described over all groups, and protected from scale-in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from batchyard.framework.check import ANY
from batchyard.framework.context import Context
from batchyard.framework.place import place
from batchyard.services.autoscaling import pages
from batchyard.services.autoscaling.group_lists import describe_instance
from batchyard.services.autoscaling.group_rows import find_instance, list_instances, update_instance
from batchyard.services.autoscaling.group_rules import invalid, require_group
from batchyard.services.autoscaling.resources import the_group
from batchyard.services.autoscaling.service import autoscaling
from batchyard.store.prepared import Row

if TYPE_CHECKING:
    from types_boto3_autoscaling.type_defs import (
        DescribeAutoScalingInstancesTypeTypeDef,
        SetInstanceProtectionQueryTypeDef,
    )

PAGE_SIZE = 50


@autoscaling.operation(on=ANY)
def describe_auto_scaling_instances(
    ctx: Context, request: DescribeAutoScalingInstancesTypeTypeDef
) -> dict[str, Any]:
    """The named instances, or those of all groups, by id; what is in no group is left out."""
    limit, after = pages.start(request, default=PAGE_SIZE)
    wanted = request.get("InstanceIds")
    if wanted and len(wanted) > PAGE_SIZE:
        raise invalid("The number of instance ids that may be passed in is limited to 50")

    def read(after: str, size: int) -> Sequence[Row]:
        if not wanted:
            return list_instances(ctx.read, place(ctx), after=after, size=size)
        following = sorted({one for one in wanted if one > after})
        found = (find_instance(ctx.read, place(ctx), one) for one in following)
        return [row for row in found if row is not None][:size]

    rows, token = pages.collect(
        ctx, read, after=after, limit=limit, position=lambda row: str(row.instance_id)
    )
    described = [{**describe_instance(row), "AutoScalingGroupName": row.group_name} for row in rows]
    for one in described:
        one["HealthStatus"] = one["HealthStatus"].upper()
    return pages.answer("AutoScalingInstances", described, token)


@autoscaling.operation(on=the_group(), writes=True)
def set_instance_protection(ctx: Context, request: SetInstanceProtectionQueryTypeDef) -> dict[str, Any]:
    """Protect instances of a group from scale-in, or no longer; all of them or, after an error, none."""
    group = require_group(ctx, request)
    if len(request["InstanceIds"]) > PAGE_SIZE:
        raise invalid("The number of instance ids that may be passed in is limited to 50")
    for instance_id in request["InstanceIds"]:
        row = find_instance(ctx.read, place(ctx), instance_id)
        if row is None or row.group_name != group.name:
            raise invalid(f"The instance {instance_id} is not part of Auto Scaling group {group.name}.")
        if row.lifecycle_state != "InService":
            raise invalid(f"The instance {instance_id} is not in InService or EnteringStandby or Standby.")
        protected = int(request["ProtectedFromScaleIn"])
        update_instance(ctx.write, place(ctx), instance_id, is_protected=protected)
    ctx.intend("autoscaling.groups", group.name)
    return {}
