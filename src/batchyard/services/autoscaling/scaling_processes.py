"""The processes of a group that can be suspended and resumed, and what each of them does here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batchyard.framework.check import ANY
from batchyard.framework.context import Context
from batchyard.framework.operation import NoMembers
from batchyard.framework.place import place
from batchyard.services.autoscaling.activity_rows import moment
from batchyard.services.autoscaling.group_rows import instances_of, update_group
from batchyard.services.autoscaling.group_rules import invalid, require_group
from batchyard.services.autoscaling.resources import the_group
from batchyard.services.autoscaling.service import autoscaling
from batchyard.store.prepared import Row

if TYPE_CHECKING:
    from types_boto3_autoscaling.type_defs import ScalingProcessQueryTypeDef

PROCESSES = (
    "Launch",
    "Terminate",
    "AddToLoadBalancer",
    "AlarmNotification",
    "AZRebalance",
    "HealthCheck",
    "InstanceRefresh",
    "ReplaceUnhealthy",
    "ScheduledActions",
)
"""Launch, Terminate, AZRebalance, HealthCheck and ReplaceUnhealthy act here; the others have nothing to act on, as
load balancers, alarms, refreshes and schedules are refused."""


def is_suspended(group: Row, *processes: str) -> bool:
    """Is one of these processes of the group suspended?"""
    return any(one["ProcessName"] in processes for one in group.suspended)


def _named(request: Any) -> list[str]:
    names = request.get("ScalingProcesses") or list(PROCESSES)
    for name in names:
        if name not in PROCESSES:
            raise invalid(f"{name} is not a valid process type")
    return list(dict.fromkeys(names))


@autoscaling.operation(on=the_group(), writes=True)
def suspend_processes(ctx: Context, request: ScalingProcessQueryTypeDef) -> dict[str, Any]:
    """Suspend the named processes, or all."""
    row = require_group(ctx, request)
    held = {one["ProcessName"]: one for one in row.suspended}
    reason = f"User suspended at {moment(ctx.now)}"
    for name in _named(request):
        held.setdefault(name, {"ProcessName": name, "SuspensionReason": reason})
    update_group(ctx.write, place(ctx), row.name, suspended=list(held.values()))
    return {}


@autoscaling.operation(on=the_group(), writes=True)
def resume_processes(ctx: Context, request: ScalingProcessQueryTypeDef) -> dict[str, Any]:
    """Resume the named processes, or all; what they missed meanwhile is done now."""
    row = require_group(ctx, request)
    ended = set(_named(request))
    left = [one for one in row.suspended if one["ProcessName"] not in ended]
    update_group(ctx.write, place(ctx), row.name, suspended=left, failures=0)
    if "HealthCheck" in ended:
        for one in instances_of(ctx.read, place(ctx), row.name):
            ctx.intend("autoscaling.instances", one.instance_id)
    ctx.intend("autoscaling.groups", row.name)
    return {}


@autoscaling.operation(on=ANY)
def describe_scaling_process_types(ctx: Context, request: NoMembers) -> dict[str, Any]:
    """The processes that SuspendProcesses knows."""
    return {"Processes": [{"ProcessName": name} for name in PROCESSES]}
