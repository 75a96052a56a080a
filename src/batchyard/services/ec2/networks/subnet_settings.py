"""What is set of a subnet after it was made: its attributes and its block of IPv6 addresses.

The codes are those of the EC2 API reference; texts that are not told of in a thread beside them are a [guess].
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from batchyard.framework.check import Check
from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.services.ec2.networks import networks
from batchyard.services.ec2.networks.ipv6 import subnet_block
from batchyard.services.ec2.networks.networks import Subnet
from batchyard.services.ec2.nouns import SUBNET, VPC
from batchyard.services.ec2.places import place
from batchyard.services.ec2.refusals import invalid_combination, invalid_value, missing
from batchyard.services.ec2.service import ec2

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import (
        AssociateSubnetCidrBlockRequestTypeDef,
        DisassociateSubnetCidrBlockRequestTypeDef,
        ModifySubnetAttributeRequestTypeDef,
    )

_FLAGS = ("AssignIpv6AddressOnCreation", "MapPublicIpOnLaunch", "EnableDns64")
_NAMES = {
    "EnableResourceNameDnsARecordOnLaunch": "EnableResourceNameDnsARecord",
    "EnableResourceNameDnsAAAARecordOnLaunch": "EnableResourceNameDnsAAAARecord",
    "PrivateDnsHostnameTypeOnLaunch": "HostnameType",
}


def _modified(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    names = [one for one in (*_FLAGS, *_NAMES) if one in request]
    keys = {f"ec2:Attribute/{one}": _text(request[one]) for one in names}
    attribute = {"ec2:Attribute": names[0]} if names else {}
    return [SUBNET.check(ctx, request["SubnetId"], **keys, **attribute)]


def _text(given: Any) -> str:
    value = given.get("Value", "") if isinstance(given, Mapping) else given
    return str(value).lower()


@ec2.operation(on=[_modified], writes=True, honours={"SubnetId", *_FLAGS, *_NAMES})
def modify_subnet_attribute(ctx: Context, request: ModifySubnetAttributeRequestTypeDef) -> dict[str, Any]:
    """Change one attribute of a subnet."""
    subnet = SUBNET.require(ctx, request["SubnetId"])
    members: Mapping[str, Any] = request
    given: dict[str, Any] = {
        one: bool(members[one]["Value"]) for one in _FLAGS if "Value" in members.get(one, {})
    }
    names = {_NAMES[one]: _name(members[one]) for one in _NAMES if one in members}
    if not given and not names:
        raise missing("attribute")
    if len(given) + len(names) > 1:
        raise invalid_combination("Fields for multiple attribute types specified")
    if given.get("AssignIpv6AddressOnCreation") and not subnet.settings.get("ipv6"):
        raise invalid_value(
            "Invalid value for parameter 'assignIpv6AddressOnCreation'. No IPv6 CIDR block was found."
        )
    held = dict(subnet.settings.get("attributes", {}))
    if names:
        given["PrivateDnsNameOptionsOnLaunch"] = {**held.get("PrivateDnsNameOptionsOnLaunch", {}), **names}
    networks.set_up(ctx, subnet, attributes={**held, **given})
    return {}


def _name(given: Any) -> Any:
    return bool(given.get("Value")) if isinstance(given, Mapping) else given


@ec2.operation(on=[SUBNET.named("SubnetId")], writes=True, honours={"SubnetId", "Ipv6CidrBlock"})
def associate_subnet_cidr_block(
    ctx: Context, request: AssociateSubnetCidrBlockRequestTypeDef
) -> dict[str, Any]:
    """Give a subnet its block of IPv6 addresses; it has one at most."""
    subnet = SUBNET.require(ctx, request["SubnetId"])
    if not request.get("Ipv6CidrBlock"):
        raise missing("ipv6CidrBlock")
    if subnet.settings.get("ipv6"):
        text = f"The maximum number of IPv6 CIDR blocks has been reached for the subnet {subnet.id}"
        raise ApiError("CidrLimitExceeded", text)
    block = subnet_block(ctx, VPC.require(ctx, subnet.vpc_id), request["Ipv6CidrBlock"])
    networks.set_up(ctx, subnet, ipv6=[block])
    return _shown(subnet, block, "associating")


def _shown(subnet: Subnet, block: dict[str, str], state: str) -> dict[str, Any]:
    association = {
        "AssociationId": block["id"],
        "Ipv6CidrBlock": block["cidr"],
        "Ipv6CidrBlockState": {"State": state},
    }
    return {"SubnetId": subnet.id, "Ipv6CidrBlockAssociation": association}


def _with_association(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    found = _find(ctx, request["AssociationId"])
    yield SUBNET.check(ctx, found.id if found else "*")


def _find(ctx: Context, association: str) -> Subnet | None:
    return networks.first(
        ctx.read,
        place(ctx),
        Subnet,
        lambda one: any(block["id"] == association for block in one.settings.get("ipv6", ())),
    )


@ec2.operation(on=[_with_association], writes=True)
def disassociate_subnet_cidr_block(
    ctx: Context, request: DisassociateSubnetCidrBlockRequestTypeDef
) -> dict[str, Any]:
    """Take a subnet's block of IPv6 addresses from it."""
    identity = request["AssociationId"]
    subnet = _find(ctx, identity)
    if subnet is None:
        raise ApiError(
            "InvalidSubnetCidrBlockAssociationID.NotFound",
            f"The subnet CIDR block with association ID {identity} does not exist",
        )
    block = subnet.settings["ipv6"][0]
    attributes = {**subnet.settings.get("attributes", {}), "AssignIpv6AddressOnCreation": False}
    networks.set_up(ctx, subnet, ipv6=None, attributes=attributes)
    return _shown(subnet, block, "disassociating")
