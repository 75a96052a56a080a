"""Auto Scaling groups of an environment: one for each instance type that it has wanted so far."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from batchyard.data import instance_types
from batchyard.framework.clients import Clients
from batchyard.framework.errors import ApiError
from batchyard.services.batch.environments.coming import Coming, coming_of
from batchyard.services.batch.environments.launch_templates import ensure_launch_template
from batchyard.services.batch.environments.names import group_name
from batchyard.services.batch.service_role import SERVICE_TAG
from batchyard.store.prepared import Row

COOLDOWN_SECONDS = 300


def ensure(aws: Clients, row: Row, instance_type: str) -> Any:
    """The group of an instance type with its launch template, made where it is missing (batch-on-behalf.md 2)."""
    name = group_name(row, instance_type)
    found = aws.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
    if found:
        _suspend(aws, found[0])
        return found[0]
    template = ensure_launch_template(aws, row, instance_type)
    try:
        aws.autoscaling.create_auto_scaling_group(
            AutoScalingGroupName=name,
            LaunchTemplate={"LaunchTemplateName": template, "Version": "1"},
            MinSize=0,
            MaxSize=_largest(row, instance_type),
            DesiredCapacity=0,
            DefaultCooldown=COOLDOWN_SECONDS,
            HealthCheckType="EC2",
            HealthCheckGracePeriod=0,
            NewInstancesProtectedFromScaleIn=True,
            TerminationPolicies=["Default"],
            VPCZoneIdentifier=",".join(row.compute_resources["subnets"]),
            Tags=_tags(row, name),
        )
    except ApiError as error:
        if error.code != "AlreadyExists":
            raise
    made = aws.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"][0]
    _suspend(aws, made)
    return made


def _suspend(aws: Clients, group: Any) -> None:
    """Batch decides where instances are; also for a group that was made just before the server died."""
    if not any(one["ProcessName"] == "AZRebalance" for one in group["SuspendedProcesses"]):
        aws.autoscaling.suspend_processes(
            AutoScalingGroupName=group["AutoScalingGroupName"], ScalingProcesses=["AZRebalance"]
        )


def refresh(aws: Clients, row: Row) -> None:
    """Bring the groups' largest size to what maxvCpus allows now."""
    for instance_type in row.made.get("groups", ()):
        group = ensure(aws, row, instance_type)
        largest = max(_largest(row, instance_type), group["DesiredCapacity"])
        if group["MaxSize"] != largest:
            aws.autoscaling.update_auto_scaling_group(
                AutoScalingGroupName=group["AutoScalingGroupName"], MaxSize=largest
            )


def coming(aws: Clients, row: Row, registered: set[str]) -> list[Coming]:
    """Each instance that a group wants or has, and that is not in the cluster yet."""
    types = row.made.get("groups", ())
    if not types:
        return []
    names = {group_name(row, one): one for one in types}
    found = aws.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=list(names))[
        "AutoScalingGroups"
    ]
    expected: list[Coming] = []
    for group in found:
        live = _live(group)
        expected += coming_of(
            names[group["AutoScalingGroupName"]], group["DesiredCapacity"], live, registered
        )
    return expected


def why_none_came(aws: Clients, row: Row, instance_type: str) -> str | None:
    """Auto Scaling's words about the last launch of an instance type that came to an end, where it failed.

    A role may lack the right to ask: then nobody knows why (Batch user guide, job_stuck_in_runnable).
    """
    ended: Any = [{"Name": "Status", "Values": ["Failed", "Successful"]}]
    name = group_name(row, instance_type)
    try:
        told = aws.autoscaling.describe_scaling_activities(
            AutoScalingGroupName=name, MaxRecords=1, Filters=ended
        )
    except ApiError:
        return None
    last = told["Activities"][:1]
    return last[0].get("StatusMessage") if last and last[0]["StatusCode"] == "Failed" else None


def _live(group: Any) -> list[str]:
    """The ids of a group's instances that are not on their way out."""
    return [
        one["InstanceId"] for one in group["Instances"] if not one["LifecycleState"].startswith("Terminat")
    ]


def launch(aws: Clients, row: Row, wanted: Mapping[str, int]) -> None:
    """Raise the desired capacity of each instance type's group by so many instances."""
    for instance_type, count in wanted.items():
        group = ensure(aws, row, instance_type)
        aws.autoscaling.set_desired_capacity(
            AutoScalingGroupName=group["AutoScalingGroupName"],
            DesiredCapacity=min(group["DesiredCapacity"] + count, group["MaxSize"]),
            HonorCooldown=False,
        )


def end(aws: Clients, row: Row, instance_ids: Iterable[str]) -> None:
    """End these instances and lower the desired capacity by them; those no longer in a group are gone already."""
    names = [group_name(row, one) for one in row.made.get("groups", ())]
    found = aws.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=names)["AutoScalingGroups"]
    # An instance on its way out is still listed; ending it twice would lower the capacity twice.
    present = {
        one["InstanceId"]
        for group in found
        for one in group["Instances"]
        if one["LifecycleState"] in ("Pending", "InService")
    }
    for instance in present.intersection(instance_ids):
        aws.autoscaling.terminate_instance_in_auto_scaling_group(
            InstanceId=instance, ShouldDecrementDesiredCapacity=True
        )


def end_all(aws: Clients, row: Row) -> None:
    """End every instance of the groups and want none."""
    names = [group_name(row, one) for one in row.made.get("groups", ())]
    if not names:
        return
    for group in aws.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=names)[
        "AutoScalingGroups"
    ]:
        live = _live(group)
        for instance in live:
            aws.autoscaling.terminate_instance_in_auto_scaling_group(
                InstanceId=instance, ShouldDecrementDesiredCapacity=True
            )
        if group["DesiredCapacity"] > len(live):
            aws.autoscaling.set_desired_capacity(
                AutoScalingGroupName=group["AutoScalingGroupName"], DesiredCapacity=0, HonorCooldown=False
            )


def _largest(row: Row, instance_type: str) -> int:
    found = instance_types.find(instance_type)
    vcpus = found.vcpus if found else 1
    largest: int = row.compute_resources["maxvCpus"]
    return max(1, math.ceil(largest / vcpus))


def _tags(row: Row, group: str) -> list[Any]:
    tags = {**row.compute_resources.get("tags", {}), **SERVICE_TAG}
    return [
        {
            "Key": key,
            "Value": value,
            "PropagateAtLaunch": True,
            "ResourceId": group,
            "ResourceType": "auto-scaling-group",
        }
        for key, value in tags.items()
    ]
