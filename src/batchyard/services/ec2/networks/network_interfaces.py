"""Network interfaces as DescribeNetworkInterfaces tells them: those of instances and of NAT gateways."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from batchyard.framework.check import ANY
from batchyard.framework.context import Context
from batchyard.services.ec2 import filters, pages
from batchyard.services.ec2.gateways.gateway_rows import nat_gateways, nat_state
from batchyard.services.ec2.instances.instance_rows import every_instance
from batchyard.services.ec2.kept import Held
from batchyard.services.ec2.nouns import SUBNET
from batchyard.services.ec2.places import place
from batchyard.services.ec2.refusals import INTERFACE
from batchyard.services.ec2.service import ec2
from batchyard.store.prepared import Row

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import DescribeNetworkInterfacesRequestTypeDef

_FILTERS: dict[str, filters.Attribute] = {
    "attachment.instance-id": "Attachment.InstanceId",
    "attachment.instance-owner-id": "Attachment.InstanceOwnerId",
    "attachment.status": "Attachment.Status",
    "attachment.attachment-id": "Attachment.AttachmentId",
    "availability-zone": "AvailabilityZone",
    "description": "Description",
    "group-id": "Groups.GroupId",
    "group-name": "Groups.GroupName",
    "interface-type": "InterfaceType",
    "network-interface-id": "NetworkInterfaceId",
    "owner-id": "OwnerId",
    "private-ip-address": "PrivateIpAddress",
    "requester-id": "RequesterId",
    "requester-managed": "RequesterManaged",
    "status": "Status",
    "subnet-id": "SubnetId",
    "vpc-id": "VpcId",
}


@ec2.operation(on=ANY, honours={"NetworkInterfaceIds", "Filters", "NextToken", "MaxResults"})
def describe_network_interfaces(
    ctx: Context, request: DescribeNetworkInterfacesRequestTypeDef
) -> dict[str, Any]:
    """The interfaces of the Region's instances and NAT gateways, or those named."""
    named = set(request.get("NetworkInterfaceIds") or ())
    found = [one for one in _every(ctx) if not named or one["NetworkInterfaceId"] in named]
    absent = named - {one["NetworkInterfaceId"] for one in found}
    if absent:
        raise INTERFACE.error(ctx, min(absent))
    matches = filters.predicate(ctx, request.get("Filters"), _FILTERS, key="NetworkInterfaceId")
    items = filter(matches, pages.sorted_items(request, found, position="NetworkInterfaceId"))
    return pages.answer(ctx, request, "NetworkInterfaces", items, position="NetworkInterfaceId")


_PER_INTERFACE = 20.0
"""Microseconds to read and show an interface."""


def _every(ctx: Context) -> Iterator[dict[str, Any]]:
    for chunk in every_instance(ctx.read, place(ctx), ""):
        for row in chunk:
            ctx.effort.spend(_PER_INTERFACE)
            if row.state != "terminated":
                yield _of_instance(ctx, row)
    for held in nat_gateways.every(ctx):
        if nat_state(ctx, held) != "deleted":
            yield _of_gateway(ctx, held)


def _of_instance(ctx: Context, row: Row) -> dict[str, Any]:
    identity = row.launched_with["NetworkInterfaceId"]
    return {
        "NetworkInterfaceId": identity,
        "InterfaceType": "interface",
        "Description": "",
        "OwnerId": ctx.account,
        "RequesterManaged": False,
        "SourceDestCheck": True,
        "Status": "in-use",
        "SubnetId": row.subnet_id,
        "VpcId": row.vpc_id,
        "AvailabilityZone": row.availability_zone,
        "PrivateIpAddress": row.private_ip,
        "PrivateIpAddresses": [{"Primary": True, "PrivateIpAddress": row.private_ip}],
        "Groups": row.security_groups,
        "Attachment": {
            "AttachmentId": identity.replace("eni-", "eni-attach-"),
            "DeleteOnTermination": True,
            "DeviceIndex": 0,
            "InstanceId": row.id,
            "InstanceOwnerId": ctx.account,
            "Status": "attached",
        },
        "TagSet": [],
    }


def _of_gateway(ctx: Context, held: Held) -> dict[str, Any]:
    body = held.body
    subnet = SUBNET.require(ctx, body["SubnetId"])
    return {
        "NetworkInterfaceId": body["NetworkInterfaceId"],
        "InterfaceType": "nat_gateway",
        "Description": f"Interface for NAT Gateway {held.id}",
        "OwnerId": ctx.account,
        "RequesterManaged": True,
        "SourceDestCheck": False,
        "Status": "in-use",
        "SubnetId": subnet.id,
        "VpcId": subnet.vpc_id,
        "AvailabilityZone": subnet.availability_zone,
        "PrivateIpAddress": body["PrivateIp"],
        "PrivateIpAddresses": [{"Primary": True, "PrivateIpAddress": body["PrivateIp"]}],
        "Groups": [],
        "Attachment": {
            "AttachmentId": body["NetworkInterfaceId"].replace("eni-", "ela-attach-"),
            "DeleteOnTermination": False,
            "DeviceIndex": 1,
            "InstanceOwnerId": "amazon-aws",
            "Status": "attached",
        },
        "TagSet": [],
    }
