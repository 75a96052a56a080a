"""Subnets: three defaults in every Region; further subnets are made and deleted."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete

from batchyard.framework.check import ANY, Check
from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.services.ec2 import filters
from batchyard.services.ec2.listings import listing
from batchyard.services.ec2.networks import networks
from batchyard.services.ec2.networks.ipv6 import subnet_block
from batchyard.services.ec2.networks.network_keys import in_vpc
from batchyard.services.ec2.networks.networks import Subnet
from batchyard.services.ec2.networks.private_addresses import addresses_left, addresses_taken
from batchyard.services.ec2.networks.stored import store_defaults
from batchyard.services.ec2.networks.vpcs import attach_tags, cidr_block
from batchyard.services.ec2.networks.zones import zone_id, zone_names
from batchyard.services.ec2.nouns import SUBNET, VPC
from batchyard.services.ec2.places import arn, at, new_id, place
from batchyard.services.ec2.refusals import in_use, invalid_value, missing
from batchyard.services.ec2.resources import created
from batchyard.services.ec2.routing import network_acl_rows, route_table_rows
from batchyard.services.ec2.service import ec2
from batchyard.services.ec2.tables import subnets
from batchyard.services.ec2.tags.tag_rows import forget_tags, put_tags
from batchyard.services.ec2.tags.tag_specifications import checked
from batchyard.store.prepared import Prepared

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import (
        CreateSubnetRequestTypeDef,
        DeleteSubnetRequestTypeDef,
        DescribeSubnetsRequestTypeDef,
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
    "enable-dns64": "EnableDns64",
    "ipv6-cidr-block-association.association-id": "Ipv6CidrBlockAssociationSet.AssociationId",
    "ipv6-cidr-block-association.ipv6-cidr-block": "Ipv6CidrBlockAssociationSet.Ipv6CidrBlock",
    "ipv6-cidr-block-association.state": "Ipv6CidrBlockAssociationSet.Ipv6CidrBlockState.State",
    "ipv6-native": "Ipv6Native",
    "map-customer-owned-ip-on-launch": "MapCustomerOwnedIpOnLaunch",
    "map-public-ip-on-launch": "MapPublicIpOnLaunch",
    "private-dns-name-options-on-launch.hostname-type": "PrivateDnsNameOptionsOnLaunch.HostnameType",
    "owner-id": "OwnerId",
    "state": "State",
    "subnet-arn": "SubnetArn",
    "subnet-id": "SubnetId",
    "vpc-id": "VpcId",
}


@ec2.operation(on=ANY, honours={"SubnetIds", "Filters", "NextToken", "MaxResults"})
def describe_subnets(ctx: Context, request: DescribeSubnetsRequestTypeDef) -> dict[str, Any]:
    """The Region's subnets, or those named."""
    return listing(
        ctx,
        request,
        SUBNET,
        lambda ctx: networks.every(ctx.read, place(ctx), Subnet),
        describe,
        ids="SubnetIds",
        result="Subnets",
        attributes=_FILTERS,
    )


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
        "AvailableIpAddressCount": addresses_left(ctx, subnet),
        "DefaultForAz": subnet.is_default,
        **attributes_of(subnet),
        "Ipv6CidrBlockAssociationSet": [
            {
                "AssociationId": one["id"],
                "Ipv6CidrBlock": one["cidr"],
                "Ipv6CidrBlockState": {"State": "associated"},
                "Ipv6AddressAttribute": "public",
                "IpSource": "amazon",
            }
            for one in subnet.settings.get("ipv6", ())
        ],
        "Ipv6Native": False,
        "State": "available",
        "OwnerId": ctx.account,
        "Tags": [],
    }


def attributes_of(subnet: Subnet) -> dict[str, Any]:
    """What ModifySubnetAttribute changes: the defaults of EC2, then what was set."""
    names = {
        "HostnameType": "ip-name",
        "EnableResourceNameDnsARecord": False,
        "EnableResourceNameDnsAAAARecord": False,
    }
    given = dict(subnet.settings.get("attributes", {}))
    return {
        "MapPublicIpOnLaunch": subnet.is_default,
        "AssignIpv6AddressOnCreation": False,
        "MapCustomerOwnedIpOnLaunch": False,
        "EnableDns64": False,
        **given,
        "PrivateDnsNameOptionsOnLaunch": {**names, **given.get("PrivateDnsNameOptionsOnLaunch", {})},
    }


def _into_vpc(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    return [VPC.check(ctx, request["VpcId"])]


@ec2.operation(
    on=[created("subnet", "CreateSubnet", keys=in_vpc), _into_vpc],
    writes=True,
    honours={
        "VpcId",
        "CidrBlock",
        "Ipv6CidrBlock",
        "AvailabilityZone",
        "AvailabilityZoneId",
        "TagSpecifications",
    },
)
def create_subnet(ctx: Context, request: CreateSubnetRequestTypeDef) -> dict[str, Any]:
    """Make a subnet within its VPC's addresses, beside the subnets that are there."""
    vpc = VPC.require(ctx, request["VpcId"])
    tags = checked(request.get("TagSpecifications"), allowed={"subnet"})
    if not request.get("CidrBlock"):
        raise missing("cidrBlock")
    cidr = cidr_block(request["CidrBlock"], widest=16, what="InvalidSubnet.Range")
    blocks = [vpc.cidr, *(one["cidr"] for one in vpc.settings.get("cidrs", ()))]
    if not any(cidr.subnet_of(ipaddress.IPv4Network(one)) for one in blocks):
        raise ApiError("InvalidSubnet.Range", f"The CIDR '{request['CidrBlock']}' is invalid.")
    for other in networks.every(ctx.read, place(ctx), Subnet):
        if other.vpc_id == vpc.id and cidr.overlaps(ipaddress.IPv4Network(other.cidr)):
            raise ApiError("InvalidSubnet.Conflict", f"The CIDR '{cidr}' conflicts with another subnet")
    ipv6 = subnet_block(ctx, vpc, request["Ipv6CidrBlock"]) if request.get("Ipv6CidrBlock") else None
    settings = {"ipv6": [ipv6]} if ipv6 else {}
    subnet = Subnet(new_id("subnet-"), vpc.id, str(cidr), _zone(ctx, request), settings=settings)
    store_defaults(ctx)
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


@ec2.operation(on=[SUBNET.named("SubnetId")], writes=True)
def delete_subnet(ctx: Context, request: DeleteSubnetRequestTypeDef) -> dict[str, Any]:
    """Delete a subnet without instances and NAT gateways; a default subnet, too."""
    subnet = SUBNET.require(ctx, request["SubnetId"])
    if addresses_taken(ctx, subnet):
        raise in_use("subnet", subnet.id)
    store_defaults(ctx)
    route_table_rows.forget_subnet(ctx, subnet.vpc_id, subnet.id)
    network_acl_rows.forget_subnet(ctx, subnet.vpc_id, subnet.id)
    ctx.write.run(_DELETE, **place(ctx), id=subnet.id)
    forget_tags(ctx.write, place(ctx), subnet.id)
    return {}
