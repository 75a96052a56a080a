"""A group's size on request: the desired capacity, and instances ended by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from batchyard.framework.context import Context
from batchyard.framework.place import place
from batchyard.services.autoscaling import activity_rows
from batchyard.services.autoscaling.activity_rows import moment
from batchyard.services.autoscaling.controllers import ends
from batchyard.services.autoscaling.group_rows import find_instance, instances_of, update_group
from batchyard.services.autoscaling.group_rules import invalid, require_living_group
from batchyard.services.autoscaling.resources import auto_scaling_group, group_of_instance, the_group
from batchyard.services.autoscaling.service import autoscaling
from batchyard.store.prepared import Row

if TYPE_CHECKING:
    from types_boto3_autoscaling.type_defs import (
        SetDesiredCapacityTypeTypeDef,
        TerminateInstanceInAutoScalingGroupTypeTypeDef,
    )


@autoscaling.operation(on=the_group(), writes=True)
def set_desired_capacity(ctx: Context, request: SetDesiredCapacityTypeTypeDef) -> dict[str, Any]:
    """Move the desired capacity within MinSize and MaxSize; the controller makes it true.

    HonorCooldown refuses it while an activity runs, and for the group's cooldown after the last activity.
    """
    row = require_living_group(ctx, request)
    wanted = request["DesiredCapacity"]
    if wanted > row.max_size:
        raise invalid(
            f"New SetDesiredCapacity value {wanted} is above max value {row.max_size} for the AutoScalingGroup."
        )
    if wanted < row.min_size:
        raise invalid(
            f"New SetDesiredCapacity value {wanted} is below min value {row.min_size} for the AutoScalingGroup."
        )
    if request.get("HonorCooldown"):
        _check_cooldown(ctx, row)
    values: dict[str, Any] = {"desired": wanted, "failures": 0, "retry_at": None}
    if wanted != row.desired:
        values["cause"] = (
            f"At {moment(ctx.now)} a user request explicitly set group desired capacity changing the desired"
            f" capacity from {row.desired} to {wanted}."
        )
    update_group(ctx.write, place(ctx), row.name, **values)
    ctx.intend("autoscaling.groups", row.name)
    return {}


def _check_cooldown(ctx: Context, row: Row) -> None:
    running = activity_rows.unfinished(ctx.read, place(ctx), row.name)
    if running:
        raise autoscaling.error.ScalingActivityInProgressFault(
            f"Scaling activity {running[0].activity_id} is in progress and blocking this action"
        )
    cooldown = timedelta(seconds=row.default_cooldown_seconds)
    if row.scaled_at is not None and ctx.now < row.scaled_at + cooldown:
        raise autoscaling.error.ScalingActivityInProgressFault(
            f"The cooldown of {row.default_cooldown_seconds} seconds of {row.name} is in effect and blocking"
            " this action"
        )


@autoscaling.operation(on=group_of_instance, writes=True)
def terminate_instance_in_auto_scaling_group(
    ctx: Context, request: TerminateInstanceInAutoScalingGroupTypeTypeDef
) -> dict[str, Any]:
    """End instances of a group, protected instances too; their places are filled again unless the capacity shrinks."""
    found = _instances(ctx, request)
    group = auto_scaling_group.find_named(ctx.read, place(ctx), found[0].group_name)
    if group is None:
        raise invalid(_unmanaged(found[0].instance_id))
    shrinks = request["ShouldDecrementDesiredCapacity"]
    desired = group.desired
    if shrinks:
        desired -= len(found)
        if desired < group.min_size:
            raise invalid(
                f"Currently, desiredSize equals minSize ({group.min_size}). Terminating instance without"
                " replacement will violate group's min size constraint. Either set"
                " shouldDecrementDesiredCapacity flag to false or lower group's min size."
            )
        update_group(ctx.write, place(ctx), group.name, desired=desired)
    size = sum(
        1 for one in instances_of(ctx.read, place(ctx), group.name) if one.lifecycle_state != "Terminating"
    )
    described = []
    for one in found:
        activity_id = _end(ctx, group, one, size=size if shrinks else None)
        size -= 1
        activity = activity_rows.find(ctx.read, activity_id)
        described.append(activity_rows.describe(activity, auto_scaling_group.arn_of(group)))
    ctx.intend("autoscaling.groups", group.name)
    return {"Activities": described} if "InstanceIds" in request else {"Activity": described[0]}


def _end(ctx: Context, group: Row, instance: Row, *, size: int | None) -> str:
    if instance.lifecycle_state == "Terminating":
        return str(instance.activity_id)
    shrinking = "" if size is None else f", shrinking the capacity from {size} to {size - 1}"
    cause = (
        f"At {moment(ctx.now)} instance {instance.instance_id} was taken out of service in response to a user"
        f" request{shrinking}."
    )
    return ends.begin(ctx.write, place(ctx), group, instance, cause=cause, now=ctx.now)


def _instances(ctx: Context, request: Mapping[str, Any]) -> Sequence[Row]:
    """The instances that a request names, all of one group; raises ValidationError."""
    wanted = request.get("InstanceIds") or [request.get("InstanceId")]
    if wanted == [None] or ("InstanceId" in request and "InstanceIds" in request):
        raise invalid("Exactly one of InstanceId and InstanceIds must be specified.")
    if "InstanceIds" in request and "AutoScalingGroupName" not in request:
        raise invalid("AutoScalingGroupName must be specified with InstanceIds.")
    found = []
    for instance_id in dict.fromkeys(wanted):
        row = find_instance(ctx.read, place(ctx), instance_id)
        if row is None:
            raise invalid(_unmanaged(instance_id))
        if row.group_name != request.get("AutoScalingGroupName", row.group_name):
            group_name = request["AutoScalingGroupName"]
            raise invalid(f"The instance {instance_id} is not part of Auto Scaling group {group_name}.")
        found.append(row)
    return found


def _unmanaged(instance_id: str) -> str:
    return f"Instance Id not found - No managed instance found for instance ID {instance_id}"
