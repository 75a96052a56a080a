"""Instances: described and terminated. Launching them stands in `instance_launches`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from batchyard.framework.check import ANY, Check
from batchyard.framework.context import Context
from batchyard.services.ec2 import filters, pages
from batchyard.services.ec2.filters import exact_values
from batchyard.services.ec2.instances.instance_rows import (
    CONTROLLER,
    GROUPING,
    TOPIC,
    every_instance,
    find_instance,
    list_instances,
    set_state,
)
from batchyard.services.ec2.instances.instance_views import describe_rows, reservations, state
from batchyard.services.ec2.nouns import INSTANCE
from batchyard.services.ec2.places import place
from batchyard.services.ec2.refusals import no_instances, too_much
from batchyard.services.ec2.service import ec2
from batchyard.services.ec2.tags.tag_rows import tagged
from batchyard.store.prepared import Row

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import (
        DescribeInstancesRequestTypeDef,
        DescribeInstanceStatusRequestTypeDef,
        TerminateInstancesRequestTypeDef,
    )

USER_SHUTDOWN = {
    "Code": "Client.UserInitiatedShutdown",
    "Message": "Client.UserInitiatedShutdown: User initiated shutdown",
}

_FILTERS: dict[str, filters.Attribute] = {
    "architecture": "Architecture",
    "availability-zone": "Placement.AvailabilityZone",
    "availability-zone-id": "Placement.AvailabilityZoneId",
    "client-token": "ClientToken",
    "hypervisor": "Hypervisor",
    "iam-instance-profile.arn": "IamInstanceProfile.Arn",
    "image-id": "ImageId",
    "instance-id": "InstanceId",
    "instance-lifecycle": "InstanceLifecycle",
    "instance-state-code": "State.Code",
    "instance-state-name": "State.Name",
    "instance-type": "InstanceType",
    "instance.group-id": "SecurityGroups.GroupId",
    "instance.group-name": "SecurityGroups.GroupName",
    "key-name": "KeyName",
    "launch-index": "AmiLaunchIndex",
    "launch-time": "LaunchTime",
    "monitoring-state": "Monitoring.State",
    "network-interface.group-id": "NetworkInterfaces.Groups.GroupId",
    "network-interface.network-interface-id": "NetworkInterfaces.NetworkInterfaceId",
    "network-interface.subnet-id": "NetworkInterfaces.SubnetId",
    "network-interface.vpc-id": "NetworkInterfaces.VpcId",
    "owner-id": "OwnerId",
    "private-dns-name": "PrivateDnsName",
    "private-ip-address": "PrivateIpAddress",
    "reservation-id": "ReservationId",
    "root-device-name": "RootDeviceName",
    "root-device-type": "RootDeviceType",
    "spot-instance-request-id": "SpotInstanceRequestId",
    "state-reason-code": "StateReason.Code",
    "subnet-id": "SubnetId",
    "tenancy": "Placement.Tenancy",
    "virtualization-type": "VirtualizationType",
    "vpc-id": "VpcId",
}
_STATUS_FILTERS: dict[str, filters.Attribute] = {
    "availability-zone": "AvailabilityZone",
    "instance-state-code": "InstanceState.Code",
    "instance-state-name": "InstanceState.Name",
    "instance-status.reachability": "InstanceStatus.Details.Status",
    "instance-status.status": "InstanceStatus.Status",
    "system-status.reachability": "SystemStatus.Details.Status",
    "system-status.status": "SystemStatus.Status",
}


@ec2.operation(on=ANY, honours={"InstanceIds", "Filters", "NextToken", "MaxResults"})
def describe_instances(ctx: Context, request: DescribeInstancesRequestTypeDef) -> dict[str, Any]:
    """The Region's instances by reservation, or those named; terminated instances for about an hour."""
    matches = filters.predicate(ctx, request.get("Filters"), _FILTERS, key="InstanceId")
    found = (
        (row.reservation_id, one)
        for rows in _candidates(ctx, request)
        for row, one in zip(rows, describe_rows(ctx, rows), strict=True)
        if matches({**one, "ReservationId": row.reservation_id, "OwnerId": ctx.account})
    )
    page = pages.answer(ctx, request, "Reservations", found, position=lambda one: one[1]["InstanceId"])
    return {**page, "Reservations": reservations(ctx, page["Reservations"])}


def _candidates(ctx: Context, request: Any) -> Iterator[list[Row]]:
    """The rows that may meet the request, by id: by ids or by a tag where it has them, else all."""
    after = pages.start(request)
    where = place(ctx)
    if request.get("InstanceIds"):
        return list_instances(ctx.read, where, (one for one in _known(ctx, request) if one > after))
    given = request.get("Filters")
    wanted = exact_values(given, "instance-id")
    for one in given or ():
        if wanted is None and one.get("Name", "").startswith("tag:"):
            values = exact_values(given, one["Name"])
            key = one["Name"].removeprefix("tag:")
            if values is not None:
                wanted = [found for value in values for found in tagged(ctx.read, where, key, value)]
    if wanted is None:
        return every_instance(ctx.read, where, after)
    return list_instances(ctx.read, where, (one for one in wanted if one > after))


_PER_NAMED = 10.0
"""Microseconds to look an instance up by its id."""


def _known(ctx: Context, request: Any) -> list[str]:
    """InstanceIds, each of which has to be there."""
    named: list[str] = list(request["InstanceIds"])
    ctx.effort.spend(_PER_NAMED * len(named))
    if ctx.effort.is_used_up:
        raise too_much()
    found = {row.id for rows in list_instances(ctx.read, place(ctx), named) for row in rows}
    missing = [one for one in named if one not in found]
    if missing:
        raise no_instances(ctx, missing)
    return named


@ec2.operation(on=ANY, honours={"InstanceIds", "IncludeAllInstances", "Filters", "NextToken", "MaxResults"})
def describe_instance_status(ctx: Context, request: DescribeInstanceStatusRequestTypeDef) -> dict[str, Any]:
    """The health of the running instances, or of all: an instance that runs here is well."""
    matches = filters.predicate(ctx, request.get("Filters"), _STATUS_FILTERS, key="InstanceId")
    everyone = request.get("IncludeAllInstances")
    found = (
        one
        for rows in _candidates(ctx, {**request, "Filters": ()})
        for row in rows
        if (everyone or row.state == "running") and matches(one := _status(row))
    )
    return pages.answer(ctx, request, "InstanceStatuses", found, position="InstanceId")


def _status(row: Row) -> dict[str, Any]:
    running = row.state == "running"
    health: dict[str, Any] = {"Status": "ok" if running else "not-applicable"}
    if running:
        health["Details"] = [{"Name": "reachability", "Status": "passed"}]
    return {
        "InstanceId": row.id,
        "AvailabilityZone": row.availability_zone,
        "InstanceState": state(row.state),
        "InstanceStatus": health,
        "SystemStatus": health,
        "Events": [],
    }


_PER_ENDED = 200.0
"""Microseconds for an instance that is to be ended."""


def _each_instance(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    ctx.effort.spend(_PER_ENDED * len(request.get("InstanceIds", ())))
    for identity in request.get("InstanceIds", ()):
        yield INSTANCE.check(ctx, identity)


@ec2.operation(on=[_each_instance], writes=True, honours={"InstanceIds"})
def terminate_instances(ctx: Context, request: TerminateInstancesRequestTypeDef) -> dict[str, Any]:
    """Begin to end instances, all or none; what has ended stays as it is."""
    where = place(ctx)
    changes: list[dict[str, Any]] = []
    for identity in dict.fromkeys(_known(ctx, request)):
        row = find_instance(ctx.read, where, identity)
        if row is None:
            continue
        after = row.state
        if row.state in ("pending", "running"):
            after = "shutting-down"
            set_state(ctx.write, where, row, after, ctx.now, USER_SHUTDOWN)
            pace = ctx.runtime.settings.pace
            ctx.intend(CONTROLLER, identity, grouping=GROUPING, delay_seconds=pace)
            ctx.announce(TOPIC, identity)
        changes.append(
            {"InstanceId": identity, "CurrentState": state(after), "PreviousState": state(row.state)}
        )
    return {"TerminatingInstances": changes}
