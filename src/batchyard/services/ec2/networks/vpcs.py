"""VPCs: each account has a default VPC in every Region; further VPCs are made and deleted."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete

from batchyard.framework.check import ANY, Values
from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.services.ec2 import filters
from batchyard.services.ec2.gateways.gateway_rows import egress_only_gateways, internet_gateways, live_in
from batchyard.services.ec2.listings import listing
from batchyard.services.ec2.networks import networks
from batchyard.services.ec2.networks.ipv6 import amazon_block
from batchyard.services.ec2.networks.networks import SecurityGroup, Subnet, Vpc
from batchyard.services.ec2.networks.stored import store_defaults
from batchyard.services.ec2.nouns import VPC
from batchyard.services.ec2.places import at, derived_id, new_id, place
from batchyard.services.ec2.refusals import in_use
from batchyard.services.ec2.resources import created
from batchyard.services.ec2.routing import network_acl_rows, route_table_rows
from batchyard.services.ec2.routing.network_acl_rows import network_acls
from batchyard.services.ec2.routing.route_table_rows import route_tables
from batchyard.services.ec2.service import ec2
from batchyard.services.ec2.tables import security_groups, vpcs
from batchyard.services.ec2.tags.tag_rows import forget_tags, put_tags, tag_lists
from batchyard.services.ec2.tags.tag_specifications import checked
from batchyard.store.prepared import Prepared

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import (
        CreateVpcRequestTypeDef,
        DeleteVpcRequestTypeDef,
        DescribeVpcsRequestTypeDef,
    )

_TENANCIES = ec2.unbuilt("`InstanceTenancy` other than `default`", on=["CreateVpc"])
_DELETE = Prepared(delete(vpcs).where(at(vpcs)).where(vpcs.c.id == bindparam("id")))
_DELETE_GROUPS = Prepared(
    delete(security_groups).where(at(security_groups)).where(security_groups.c.vpc_id == bindparam("vpc_id"))
)

_FILTERS: dict[str, filters.Attribute] = {
    "cidr": "CidrBlock",
    "cidr-block-association.cidr-block": "CidrBlockAssociationSet.CidrBlock",
    "cidr-block-association.association-id": "CidrBlockAssociationSet.AssociationId",
    "cidr-block-association.state": "CidrBlockAssociationSet.CidrBlockState.State",
    "dhcp-options-id": "DhcpOptionsId",
    "ipv6-cidr-block-association.association-id": "Ipv6CidrBlockAssociationSet.AssociationId",
    "ipv6-cidr-block-association.ipv6-cidr-block": "Ipv6CidrBlockAssociationSet.Ipv6CidrBlock",
    "ipv6-cidr-block-association.state": "Ipv6CidrBlockAssociationSet.Ipv6CidrBlockState.State",
    "is-default": "IsDefault",
    "isDefault": "IsDefault",
    "owner-id": "OwnerId",
    "state": "State",
    "vpc-id": "VpcId",
}


@ec2.operation(on=ANY, honours={"VpcIds", "Filters", "NextToken", "MaxResults"})
def describe_vpcs(ctx: Context, request: DescribeVpcsRequestTypeDef) -> dict[str, Any]:
    """The Region's VPCs, or those named."""
    return listing(
        ctx,
        request,
        VPC,
        lambda ctx: networks.every(ctx.read, place(ctx), Vpc),
        describe,
        ids="VpcIds",
        result="Vpcs",
        attributes=_FILTERS,
    )


def attach_tags(ctx: Context, described: list[dict[str, Any]], position: str) -> None:
    """Put each described item's tags into it."""
    found = tag_lists(ctx.read, place(ctx), [one[position] for one in described])
    for one in described:
        one["Tags"] = found[one[position]]


def describe(ctx: Context, vpc: Vpc) -> dict[str, Any]:
    """A VPC as DescribeVpcs gives it, without its tags."""
    first = {"id": derived_id(place(ctx), "vpc-cidr-assoc-", vpc.id), "cidr": vpc.cidr}
    settings = vpc.settings
    return {
        "VpcId": vpc.id,
        "CidrBlock": vpc.cidr,
        "CidrBlockAssociationSet": [_ipv4(one) for one in (first, *settings.get("cidrs", ()))],
        "DhcpOptionsId": settings.get("dhcp_options", derived_id(place(ctx), "dopt-", "dhcp-options")),
        "State": "available",
        "OwnerId": ctx.account,
        "InstanceTenancy": "default",
        "IsDefault": vpc.is_default,
        "Ipv6CidrBlockAssociationSet": [_ipv6(ctx, one) for one in settings.get("ipv6", ())],
        "Tags": [],
    }


def _ipv4(block: dict[str, str]) -> dict[str, Any]:
    return {
        "AssociationId": block["id"],
        "CidrBlock": block["cidr"],
        "CidrBlockState": {"State": "associated"},
    }


def _ipv6(ctx: Context, block: dict[str, str]) -> dict[str, Any]:
    return {
        "AssociationId": block["id"],
        "Ipv6CidrBlock": block["cidr"],
        "Ipv6CidrBlockState": {"State": "associated"},
        "NetworkBorderGroup": ctx.region,
        "Ipv6Pool": "Amazon",
        "Ipv6AddressAttribute": "public",
        "IpSource": "amazon",
    }


def _tenancy(ctx: Context, request: dict[str, Any]) -> dict[str, Values]:
    return {"ec2:Tenancy": request.get("InstanceTenancy", "default")}


@ec2.operation(
    on=[created("vpc", "CreateVpc", keys=_tenancy)],
    writes=True,
    honours={"CidrBlock", "InstanceTenancy", "TagSpecifications", "AmazonProvidedIpv6CidrBlock"},
)
def create_vpc(ctx: Context, request: CreateVpcRequestTypeDef) -> dict[str, Any]:
    """Make a VPC with its default security group, main route table and default network ACL."""
    if request.get("InstanceTenancy", "default") != "default":
        raise _TENANCIES(f"the tenancy {request['InstanceTenancy']} of a VPC")
    tags = checked(request.get("TagSpecifications"), allowed={"vpc"})
    cidr = cidr_block(request.get("CidrBlock"), widest=16, what="InvalidVpc.Range")
    ipv6 = request.get("AmazonProvidedIpv6CidrBlock")
    settings = {"ipv6": [amazon_block()]} if ipv6 else {}
    vpc = Vpc(new_id("vpc-"), str(cidr), settings=settings)
    store_defaults(ctx)
    networks.add(ctx, vpc)
    networks.add(ctx, networks.default_group(vpc.id, new_id("sg-"), ctx.account))
    route_table_rows.add_main(ctx, vpc.id)
    network_acl_rows.add_default(ctx, vpc.id)
    if ipv6:
        network_acl_rows.open_for_ipv6(ctx, vpc.id)
    put_tags(ctx.write, place(ctx), "vpc", [vpc.id], tags.get("vpc", {}))
    described = [describe(ctx, vpc)]
    attach_tags(ctx, described, "VpcId")
    return {"Vpc": described[0]}


def cidr_block(given: Any, *, widest: int, what: str) -> ipaddress.IPv4Network:
    """A block of IPv4 addresses between /`widest` and /28; raises InvalidParameterValue or the code `what`."""
    try:
        block = ipaddress.IPv4Network(given or "", strict=False)
    except ValueError as error:
        raise ApiError(
            "InvalidParameterValue",
            f"Value ({given}) for parameter cidrBlock is invalid. This is not a valid CIDR block.",
        ) from error
    if not widest <= block.prefixlen <= 28:
        raise ApiError(what, f"The CIDR '{given}' is invalid.")
    return block


@ec2.operation(on=[VPC.named("VpcId")], writes=True)
def delete_vpc(ctx: Context, request: DeleteVpcRequestTypeDef) -> dict[str, Any]:
    """Delete a VPC that holds nothing but its default group, main route table and default ACL; the default VPC, too."""
    vpc = VPC.require(ctx, request["VpcId"])
    where = place(ctx)
    if _holds_something(ctx, vpc.id):
        raise in_use("vpc", vpc.id)
    store_defaults(ctx)
    for noun in (route_tables, network_acls):
        for one in noun.within(ctx, vpc.id):
            noun.remove(ctx, one)
    ctx.write.run(_DELETE, **where, id=vpc.id)
    for group in networks.every(ctx.read, where, SecurityGroup):
        if group.vpc_id == vpc.id:
            forget_tags(ctx.write, where, group.id)
    ctx.write.run(_DELETE_GROUPS, **where, vpc_id=vpc.id)
    forget_tags(ctx.write, where, vpc.id)
    return {}


def _holds_something(ctx: Context, vpc_id: str) -> bool:
    where = place(ctx)
    inside = networks.first(ctx.read, where, Subnet, lambda one: one.vpc_id == vpc_id)
    further = networks.first(
        ctx.read, where, SecurityGroup, lambda one: one.vpc_id == vpc_id and one.name != "default"
    )
    return bool(
        inside
        or further
        or internet_gateways.within(ctx, vpc_id)
        or egress_only_gateways.within(ctx, vpc_id)
        or live_in(ctx, vpc_id)
        or any(not route_table_rows.is_main(one) for one in route_tables.within(ctx, vpc_id))
        or any(not one.body["default"] for one in network_acls.within(ctx, vpc_id))
    )
