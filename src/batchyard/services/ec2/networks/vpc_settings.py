"""What is set of a VPC after it was made: the names of its instances, and its further blocks of addresses.

The codes are those of the EC2 API reference; texts that are not told of in a thread beside them are a [guess].
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from batchyard.framework.check import Check
from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.services.ec2.networks import networks
from batchyard.services.ec2.networks.ipv6 import amazon_block
from batchyard.services.ec2.networks.networks import Subnet, Vpc
from batchyard.services.ec2.networks.vpcs import cidr_block
from batchyard.services.ec2.nouns import VPC
from batchyard.services.ec2.places import derived_id, new_id, place
from batchyard.services.ec2.refusals import invalid_combination, invalid_value, missing
from batchyard.services.ec2.routing import network_acl_rows
from batchyard.services.ec2.service import ec2

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import (
        AssociateVpcCidrBlockRequestTypeDef,
        DescribeVpcAttributeRequestTypeDef,
        DisassociateVpcCidrBlockRequestTypeDef,
        ModifyVpcAttributeRequestTypeDef,
    )

_ATTRIBUTES = {
    "enableDnsSupport": ("EnableDnsSupport", "dns_support", True),
    "enableDnsHostnames": ("EnableDnsHostnames", "dns_hostnames", False),
    "enableNetworkAddressUsageMetrics": ("EnableNetworkAddressUsageMetrics", "usage_metrics", False),
}
"""Attribute → its member, the setting, and what it is in a VPC that was made (the default VPC has names, too)."""
MOST_BLOCKS = 5
"""Of each family in a VPC (VPC user guide, quotas)."""


@ec2.operation(on=[VPC.named("VpcId")], honours={"VpcId", "Attribute"})
def describe_vpc_attribute(ctx: Context, request: DescribeVpcAttributeRequestTypeDef) -> dict[str, Any]:
    """One attribute of a VPC."""
    vpc = VPC.require(ctx, request["VpcId"])
    if request["Attribute"] not in _ATTRIBUTES:
        raise invalid_value(
            f"Value ({request['Attribute']}) for parameter attribute is invalid. Invalid attribute"
        )
    member, setting, otherwise = _ATTRIBUTES[request["Attribute"]]
    default = otherwise or (setting == "dns_hostnames" and vpc.is_default)
    return {"VpcId": vpc.id, member: {"Value": vpc.settings.get(setting, default)}}


def _modified(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    names = [member for member, _, _ in _ATTRIBUTES.values() if member in request]
    keys = {f"ec2:Attribute/{one}": str(request[one].get("Value", "")).lower() for one in names}
    attribute = {"ec2:Attribute": names[0]} if names else {}
    return [VPC.check(ctx, request["VpcId"], **keys, **attribute)]


@ec2.operation(on=[_modified], writes=True)
def modify_vpc_attribute(ctx: Context, request: ModifyVpcAttributeRequestTypeDef) -> dict[str, Any]:
    """Change one attribute of a VPC; names for instances need DNS."""
    vpc = VPC.require(ctx, request["VpcId"])
    members: Mapping[str, Any] = request
    given = {
        setting: bool(members[member]["Value"])
        for member, setting, _ in _ATTRIBUTES.values()
        if "Value" in members.get(member, {})
    }
    if not given:
        raise missing("attribute")
    if len(given) > 1:
        raise invalid_combination("Fields for multiple attribute types specified")
    networks.set_up(ctx, vpc, **given)
    return {}


@ec2.operation(
    on=[VPC.named("VpcId")], writes=True, honours={"VpcId", "CidrBlock", "AmazonProvidedIpv6CidrBlock"}
)
def associate_vpc_cidr_block(ctx: Context, request: AssociateVpcCidrBlockRequestTypeDef) -> dict[str, Any]:
    """Give a VPC a further block: of IPv4 as named, or of IPv6 from Amazon's."""
    vpc = VPC.require(ctx, request["VpcId"])
    ipv6, given = request.get("AmazonProvidedIpv6CidrBlock"), request.get("CidrBlock")
    if bool(ipv6) == bool(given):
        raise invalid_combination(
            "Exactly one of amazonProvidedIpv6CidrBlock and cidrBlock must be specified."
        )
    setting = "ipv6" if ipv6 else "cidrs"
    held = vpc.settings.get(setting, [])
    if len(held) + (0 if ipv6 else 1) >= MOST_BLOCKS:
        raise ApiError(
            "CidrLimitExceeded",
            f"This network '{vpc.id}' has met its maximum number of allowed CIDRs: {MOST_BLOCKS}",
        )
    block = amazon_block() if ipv6 else _further(vpc, given)
    networks.set_up(ctx, vpc, **{setting: [*held, block]})
    if ipv6 and not held:
        network_acl_rows.open_for_ipv6(ctx, vpc.id)
    return {"VpcId": vpc.id, **_shown(ctx, setting, block, "associating")}


def _further(vpc: Vpc, given: str | None) -> dict[str, str]:
    block = cidr_block(given, widest=16, what="InvalidVpc.Range")
    for other in (vpc.cidr, *(one["cidr"] for one in vpc.settings.get("cidrs", ()))):
        if block.overlaps(ipaddress.IPv4Network(other)):
            raise ApiError(
                "InvalidVpc.Range", f"The CIDR '{given}' conflicts with another CIDR in the same VPC"
            )
    return {"id": new_id("vpc-cidr-assoc-"), "cidr": str(block)}


def _shown(ctx: Context, setting: str, block: dict[str, str], state: str) -> dict[str, Any]:
    if setting == "cidrs":
        association = {
            "AssociationId": block["id"],
            "CidrBlock": block["cidr"],
            "CidrBlockState": {"State": state},
        }
        return {"CidrBlockAssociation": association}
    association = {
        "AssociationId": block["id"],
        "Ipv6CidrBlock": block["cidr"],
        "Ipv6CidrBlockState": {"State": state},
        "NetworkBorderGroup": ctx.region,
        "Ipv6Pool": "Amazon",
    }
    return {"Ipv6CidrBlockAssociation": association}


def _with_association(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    found = _find(ctx, request["AssociationId"])
    yield VPC.check(ctx, found[0].id if found else "*")


def _find(ctx: Context, association: str) -> tuple[Vpc, str] | None:
    for vpc in networks.every(ctx.read, place(ctx), Vpc):
        for setting in ("cidrs", "ipv6"):
            if any(one["id"] == association for one in vpc.settings.get(setting, ())):
                return vpc, setting
    return None


@ec2.operation(on=[_with_association], writes=True)
def disassociate_vpc_cidr_block(
    ctx: Context, request: DisassociateVpcCidrBlockRequestTypeDef
) -> dict[str, Any]:
    """Take a block from a VPC, unless a subnet is of it; the first one stays."""
    identity = request["AssociationId"]
    found = _find(ctx, identity)
    if found is None:
        _refuse_first(ctx, identity)
        raise ApiError(
            "InvalidVpcCidrBlockAssociationID.NotFound",
            f"The vpc CIDR block with association ID {identity} does not exist",
        )
    vpc, setting = found
    block = next(one for one in vpc.settings[setting] if one["id"] == identity)
    if _is_used(ctx, vpc, setting, block["cidr"]):
        text = f"The vpc {vpc.id} currently has a subnet within CIDR block {block['cidr']}"
        raise ApiError("InvalidCidrBlock.InUse", text)
    left = [one for one in vpc.settings[setting] if one["id"] != identity]
    networks.set_up(ctx, vpc, **{setting: left})
    return {"VpcId": vpc.id, **_shown(ctx, setting, block, "disassociating")}


def _refuse_first(ctx: Context, identity: str) -> None:
    for vpc in networks.every(ctx.read, place(ctx), Vpc):
        if derived_id(place(ctx), "vpc-cidr-assoc-", vpc.id) == identity:
            raise ApiError(
                "OperationNotPermitted",
                f"The vpc CIDR block with association ID {identity} may not be disassociated. It is the primary"
                " IPv4 CIDR block of the VPC",
            )


def _is_used(ctx: Context, vpc: Vpc, setting: str, cidr: str) -> bool:
    for subnet in networks.every(ctx.read, place(ctx), Subnet):
        if subnet.vpc_id != vpc.id:
            continue
        if setting == "cidrs" and ipaddress.IPv4Network(subnet.cidr).subnet_of(ipaddress.IPv4Network(cidr)):
            return True
        blocks = subnet.settings.get("ipv6", ()) if setting == "ipv6" else ()
        if any(ipaddress.IPv6Network(one["cidr"]).subnet_of(ipaddress.IPv6Network(cidr)) for one in blocks):
            return True
    return False
