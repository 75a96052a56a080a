"""VPCs: each account has a default one in every Region; further ones are made and deleted."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete

from batchyard.framework.check import ANY, Values
from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.services.ec2 import filters, pages
from batchyard.services.ec2.networks import networks
from batchyard.services.ec2.networks.networks import SecurityGroup, Subnet, Vpc
from batchyard.services.ec2.places import at, derived_id, new_id, place
from batchyard.services.ec2.refusals import VPC, not_found
from batchyard.services.ec2.resources import created, named
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
    "dhcp-options-id": "DhcpOptionsId",
    "is-default": "IsDefault",
    "isDefault": "IsDefault",
    "owner-id": "OwnerId",
    "state": "State",
    "vpc-id": "VpcId",
}


@ec2.operation(on=ANY, honours={"VpcIds", "Filters", "NextToken", "MaxResults"})
def describe_vpcs(ctx: Context, request: DescribeVpcsRequestTypeDef) -> dict[str, Any]:
    """The Region's VPCs, or those named."""
    found = [describe(ctx, one) for one in _wanted(ctx, request.get("VpcIds"))]
    attach_tags(ctx, found, "VpcId")
    matches = filters.predicate(ctx, request.get("Filters"), _FILTERS, key="VpcId")
    items = filter(matches, pages.sorted_items(request, found, position="VpcId"))
    return pages.answer(ctx, request, "Vpcs", items, position="VpcId")


def _wanted(ctx: Context, ids: Sequence[str] | None) -> list[Vpc]:
    if not ids:
        return networks.every(ctx.read, place(ctx), Vpc)
    return [require_vpc(ctx, one) for one in ids]


def require_vpc(ctx: Context, identity: str) -> Vpc:
    """A VPC by its id; raises InvalidVpcID.NotFound."""
    found = networks.find(ctx.read, place(ctx), Vpc, identity)
    if found is None:
        raise not_found(VPC, identity)
    return found


def attach_tags(ctx: Context, described: list[dict[str, Any]], position: str) -> None:
    """Put each described item's tags into it."""
    found = tag_lists(ctx.read, place(ctx), [one[position] for one in described])
    for one in described:
        one["Tags"] = found[one[position]]


def describe(ctx: Context, vpc: Vpc) -> dict[str, Any]:
    """A VPC as DescribeVpcs gives it, without its tags."""
    association = derived_id(place(ctx), "vpc-cidr-assoc-", vpc.id)
    return {
        "VpcId": vpc.id,
        "CidrBlock": vpc.cidr,
        "CidrBlockAssociationSet": [
            {
                "AssociationId": association,
                "CidrBlock": vpc.cidr,
                "CidrBlockState": {"State": "associated"},
            }
        ],
        "DhcpOptionsId": derived_id(place(ctx), "dopt-", "dhcp-options"),
        "State": "available",
        "OwnerId": ctx.account,
        "InstanceTenancy": "default",
        "IsDefault": vpc.is_default,
        "Ipv6CidrBlockAssociationSet": [],
        "Tags": [],
    }


def _tenancy(ctx: Context, request: dict[str, Any]) -> dict[str, Values]:
    return {"ec2:Tenancy": request.get("InstanceTenancy", "default")}


@ec2.operation(
    on=[created("vpc", "CreateVpc", keys=_tenancy)],
    writes=True,
    honours={"CidrBlock", "InstanceTenancy", "TagSpecifications"},
)
def create_vpc(ctx: Context, request: CreateVpcRequestTypeDef) -> dict[str, Any]:
    """Make a VPC with its default security group."""
    if request.get("InstanceTenancy", "default") != "default":
        raise _TENANCIES(f"the tenancy {request['InstanceTenancy']} of a VPC")
    tags = checked(request.get("TagSpecifications"), allowed={"vpc"})
    cidr = cidr_block(request.get("CidrBlock"), widest=16, what="InvalidVpc.Range")
    vpc = Vpc(new_id("vpc-"), str(cidr))
    networks.add(ctx, vpc)
    networks.add(ctx, networks.default_group(vpc.id, new_id("sg-"), ctx.account))
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


@ec2.operation(on=[named("vpc", "VpcId")], writes=True)
def delete_vpc(ctx: Context, request: DeleteVpcRequestTypeDef) -> dict[str, Any]:
    """Delete a VPC that holds nothing but its default security group; the default VPC, too."""
    vpc = require_vpc(ctx, request["VpcId"])
    where = place(ctx)
    inside = networks.first(ctx.read, where, Subnet, lambda one: one.vpc_id == vpc.id)
    further = networks.first(
        ctx.read, where, SecurityGroup, lambda one: one.vpc_id == vpc.id and one.name != "default"
    )
    if inside or further:
        raise ApiError("DependencyViolation", f"The vpc '{vpc.id}' has dependencies and cannot be deleted.")
    networks.store_defaults(ctx)
    ctx.write.run(_DELETE, **where, id=vpc.id)
    ctx.write.run(_DELETE_GROUPS, **where, vpc_id=vpc.id)
    forget_tags(ctx.write, where, vpc.id)
    return {}
