"""Subnets: three default ones in every Region; further ones are made and deleted."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, func, select

from batchyard.framework.check import ANY, Check
from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.services.ec2 import filters, pages
from batchyard.services.ec2.networks import networks
from batchyard.services.ec2.networks.network_keys import in_vpc
from batchyard.services.ec2.networks.networks import Subnet
from batchyard.services.ec2.networks.vpcs import attach_tags, cidr_block, require_vpc
from batchyard.services.ec2.networks.zones import zone_id, zone_names
from batchyard.services.ec2.places import Place, arn, at, new_id, place
from batchyard.services.ec2.refusals import SUBNET, invalid_value, missing, not_found
from batchyard.services.ec2.resources import created, named, resource_check
from batchyard.services.ec2.service import ec2
from batchyard.services.ec2.tables import instances, subnets
from batchyard.services.ec2.tags.tag_rows import forget_tags, put_tags
from batchyard.services.ec2.tags.tag_specifications import checked
from batchyard.store.prepared import Prepared
from batchyard.store.transaction import Transaction

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import (
        CreateSubnetRequestTypeDef,
        DeleteSubnetRequestTypeDef,
        DescribeSubnetsRequestTypeDef,
    )

RESERVED_ADDRESSES = 5
"""The first four addresses and the last of every subnet are AWS's own (VPC User Guide)."""

_TAKEN = Prepared(
    select(func.count().label("number"))
    .select_from(instances)
    .where(at(instances))
    .where(instances.c.subnet_id == bindparam("subnet_id"))
    .where(instances.c.private_ip.is_not(None))
)
_DELETE = Prepared(delete(subnets).where(at(subnets)).where(subnets.c.id == bindparam("id")))

_FILTERS: dict[str, filters.Attribute] = {
    "availability-zone": "AvailabilityZone",
    "availabilityZone": "AvailabilityZone",
    "availability-zone-id": "AvailabilityZoneId",
    "available-ip-address-count": "AvailableIpAddressCount",
    "cidr-block": "CidrBlock",
    "cidr": "CidrBlock",
    "default-for-az": "DefaultForAz",
    "defaultForAz": "DefaultForAz",
    "map-public-ip-on-launch": "MapPublicIpOnLaunch",
    "owner-id": "OwnerId",
    "state": "State",
    "subnet-arn": "SubnetArn",
    "subnet-id": "SubnetId",
    "vpc-id": "VpcId",
}


@ec2.operation(on=ANY, honours={"SubnetIds", "Filters", "NextToken", "MaxResults"})
def describe_subnets(ctx: Context, request: DescribeSubnetsRequestTypeDef) -> dict[str, Any]:
    """The Region's subnets, or those named."""
    found = [describe(ctx, one) for one in _wanted(ctx, request.get("SubnetIds"))]
    attach_tags(ctx, found, "SubnetId")
    matches = filters.predicate(ctx, request.get("Filters"), _FILTERS, key="SubnetId")
    items = filter(matches, pages.sorted_items(request, found, position="SubnetId"))
    return pages.answer(ctx, request, "Subnets", items, position="SubnetId")


def _wanted(ctx: Context, ids: Sequence[str] | None) -> list[Subnet]:
    if not ids:
        return networks.every(ctx.read, place(ctx), Subnet)
    return [require_subnet(ctx, one) for one in ids]


def require_subnet(ctx: Context, identity: str) -> Subnet:
    """A subnet by its id; raises InvalidSubnetID.NotFound."""
    found = networks.find(ctx.read, place(ctx), Subnet, identity)
    if found is None:
        raise not_found(SUBNET, identity)
    return found


def addresses_left(tx: Transaction, where: Place, subnet: Subnet) -> int:
    """How many addresses of a subnet are free."""
    taken = tx.first(_TAKEN, **where, subnet_id=subnet.id)
    size = ipaddress.IPv4Network(subnet.cidr).num_addresses
    return size - RESERVED_ADDRESSES - (taken.number if taken else 0)


def describe(ctx: Context, subnet: Subnet) -> dict[str, Any]:
    """A subnet as DescribeSubnets gives it, without its tags."""
    where = place(ctx)
    return {
        "SubnetId": subnet.id,
        "SubnetArn": arn(where, f"subnet/{subnet.id}"),
        "VpcId": subnet.vpc_id,
        "CidrBlock": subnet.cidr,
        "AvailabilityZone": subnet.availability_zone,
        "AvailabilityZoneId": zone_id(subnet.availability_zone),
        "AvailableIpAddressCount": addresses_left(ctx.read, where, subnet),
        "DefaultForAz": subnet.is_default,
        "MapPublicIpOnLaunch": subnet.is_default,
        "AssignIpv6AddressOnCreation": False,
        "Ipv6CidrBlockAssociationSet": [],
        "Ipv6Native": False,
        "MapCustomerOwnedIpOnLaunch": False,
        "EnableDns64": False,
        "State": "available",
        "OwnerId": ctx.account,
        "Tags": [],
    }


def _into_vpc(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    return [resource_check(ctx, f"vpc/{request['VpcId']}")]


@ec2.operation(
    on=[created("subnet", "CreateSubnet", keys=in_vpc), _into_vpc],
    writes=True,
    honours={"VpcId", "CidrBlock", "AvailabilityZone", "AvailabilityZoneId", "TagSpecifications"},
)
def create_subnet(ctx: Context, request: CreateSubnetRequestTypeDef) -> dict[str, Any]:
    """Make a subnet within its VPC's addresses, beside the subnets that are there."""
    vpc = require_vpc(ctx, request["VpcId"])
    tags = checked(request.get("TagSpecifications"), allowed={"subnet"})
    if not request.get("CidrBlock"):
        raise missing("cidrBlock")
    cidr = cidr_block(request["CidrBlock"], widest=16, what="InvalidSubnet.Range")
    if not cidr.subnet_of(ipaddress.IPv4Network(vpc.cidr)):
        raise ApiError("InvalidSubnet.Range", f"The CIDR '{request['CidrBlock']}' is invalid.")
    for other in networks.every(ctx.read, place(ctx), Subnet):
        if other.vpc_id == vpc.id and cidr.overlaps(ipaddress.IPv4Network(other.cidr)):
            raise ApiError("InvalidSubnet.Conflict", f"The CIDR '{cidr}' conflicts with another subnet")
    subnet = Subnet(new_id("subnet-"), vpc.id, str(cidr), _zone(ctx, request))
    networks.store_defaults(ctx)
    networks.add(ctx, subnet)
    put_tags(ctx.write, place(ctx), "subnet", [subnet.id], tags.get("subnet", {}))
    described = [describe(ctx, subnet)]
    attach_tags(ctx, described, "SubnetId")
    return {"Subnet": described[0]}


def _zone(ctx: Context, request: Any) -> str:
    zones = zone_names(ctx.region)
    if "AvailabilityZoneId" in request:
        zones = [one for one in zones if zone_id(one) == request["AvailabilityZoneId"]]
    if "AvailabilityZone" in request:
        zones = [one for one in zones if one == request["AvailabilityZone"]]
    if not zones:
        raise invalid_value(
            "Value for parameter availabilityZone is invalid. Subnets can currently only be"
            f" created in the following availability zones: {', '.join(zone_names(ctx.region))}."
        )
    return zones[0]


@ec2.operation(on=[named("subnet", "SubnetId")], writes=True)
def delete_subnet(ctx: Context, request: DeleteSubnetRequestTypeDef) -> dict[str, Any]:
    """Delete a subnet without instances; a default one, too."""
    subnet = require_subnet(ctx, request["SubnetId"])
    taken = ctx.read.first(_TAKEN, **place(ctx), subnet_id=subnet.id)
    if taken and taken.number:
        raise ApiError(
            "DependencyViolation", f"The subnet '{subnet.id}' has dependencies and cannot be deleted."
        )
    networks.store_defaults(ctx)
    ctx.write.run(_DELETE, **place(ctx), id=subnet.id)
    forget_tags(ctx.write, place(ctx), subnet.id)
    return {}
