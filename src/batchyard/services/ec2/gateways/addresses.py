"""Elastic IP addresses: allocated, used by a NAT gateway, released.

The codes are those of the EC2 API reference; texts that are not told of in a thread beside them are a [guess].
"""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from batchyard.framework.check import ANY, Check
from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.services.ec2 import filters
from batchyard.services.ec2.gateways.address_rows import addresses, user_of
from batchyard.services.ec2.kept import Held
from batchyard.services.ec2.listings import described
from batchyard.services.ec2.nouns import ADDRESS
from batchyard.services.ec2.refusals import invalid_combination, invalid_value, missing
from batchyard.services.ec2.resources import created
from batchyard.services.ec2.service import ec2
from batchyard.services.ec2.tags.tag_specifications import checked

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import (
        AllocateAddressRequestTypeDef,
        DescribeAddressesAttributeRequestTypeDef,
        DescribeAddressesRequestTypeDef,
        DisassociateAddressRequestTypeDef,
        ReleaseAddressRequestTypeDef,
    )

_BENCHMARKS = ipaddress.IPv4Network("198.18.0.0/15")
"""Addresses that nobody on the Internet has (RFC 2544)."""
_FILTERS: dict[str, filters.Attribute] = {
    "allocation-id": "AllocationId",
    "association-id": "AssociationId",
    "domain": "Domain",
    "instance-id": "InstanceId",
    "network-border-group": "NetworkBorderGroup",
    "network-interface-id": "NetworkInterfaceId",
    "network-interface-owner-id": "NetworkInterfaceOwnerId",
    "private-ip-address": "PrivateIpAddress",
    "public-ip": "PublicIp",
}


def _describe(ctx: Context, held: Held) -> dict[str, Any]:
    shown = {
        "AllocationId": held.id,
        "PublicIp": held.body["PublicIp"],
        "PublicIpv4Pool": "amazon",
        "Domain": "vpc",
        "NetworkBorderGroup": ctx.region,
    }
    user = user_of(ctx, held.id)
    if user is None:
        return shown
    return {
        **shown,
        "AssociationId": user.body["AssociationId"],
        "NetworkInterfaceId": user.body["NetworkInterfaceId"],
        "NetworkInterfaceOwnerId": ctx.account,
        "PrivateIpAddress": user.body["PrivateIp"],
    }


@ec2.operation(
    on=[created("elastic-ip", "AllocateAddress", keys=lambda ctx, request: {"ec2:Domain": "vpc"})],
    writes=True,
    honours={"Domain", "NetworkBorderGroup", "PublicIpv4Pool", "TagSpecifications"},
)
def allocate_address(ctx: Context, request: AllocateAddressRequestTypeDef) -> dict[str, Any]:
    """Give the account an address, for VPCs: there is no EC2-Classic any more."""
    tags = checked(request.get("TagSpecifications"), allowed={"elastic-ip"})
    if request.get("Domain", "vpc") != "vpc":
        raise invalid_value(f"Value ({request['Domain']}) for parameter domain is invalid.")
    if request.get("NetworkBorderGroup") not in (None, "", ctx.region):
        raise invalid_value(
            f"Value ({request['NetworkBorderGroup']}) for parameter networkBorderGroup is invalid."
        )
    if request.get("PublicIpv4Pool") not in (None, "", "amazon"):
        raise ApiError(
            "InvalidPublicIpv4PoolID.NotFound",
            f"The PublicIpv4Pool ID '{request['PublicIpv4Pool']}' does not exist",
        )
    taken = {one.body["PublicIp"] for one in addresses.every(ctx)}
    while (address := str(_BENCHMARKS[secrets.randbelow(_BENCHMARKS.num_addresses)])) in taken:
        pass
    made = addresses.add(ctx, "eipalloc-", {"PublicIp": address}, tags.get("elastic-ip", {}))
    answer = described(ctx, _describe, made)
    return {key: value for key, value in answer.items() if key != "Tags"}


@ec2.operation(on=ANY, honours={"AllocationIds", "PublicIps", "Filters"})
def describe_addresses(ctx: Context, request: DescribeAddressesRequestTypeDef) -> dict[str, Any]:
    """The Region's addresses, or those named."""
    found = [ADDRESS.require(ctx, one) for one in request.get("AllocationIds") or ()]
    found += [_require_ip(ctx, one) for one in request.get("PublicIps") or ()]
    if not request.get("AllocationIds") and not request.get("PublicIps"):
        found = addresses.every(ctx)
    matches = filters.predicate(ctx, request.get("Filters"), _FILTERS)
    return {"Addresses": [one for held in found if matches(one := described(ctx, _describe, held))]}


def _find_ip(ctx: Context, address: str) -> Held | None:
    return next((one for one in addresses.every(ctx) if one.body["PublicIp"] == address), None)


def _require_ip(ctx: Context, address: str) -> Held:
    found = _find_ip(ctx, address)
    if found is None:
        raise ApiError("InvalidAddress.NotFound", f"Address '{address}' not found.")
    return found


@ec2.operation(on=ANY, honours={"AllocationIds", "Attribute", "NextToken", "MaxResults"})
def describe_addresses_attribute(
    ctx: Context, request: DescribeAddressesAttributeRequestTypeDef
) -> dict[str, Any]:
    """The reverse names of addresses: none has any here."""
    for one in request.get("AllocationIds") or ():
        ADDRESS.require(ctx, one)
    return {"Addresses": []}


def _the_address(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    identity = request.get("AllocationId")
    if not identity and request.get("PublicIp"):
        found = _find_ip(ctx, request["PublicIp"])
        identity = found.id if found else None
    yield ADDRESS.check(ctx, identity or "*")


@ec2.operation(on=[_the_address], writes=True, honours={"AllocationId", "PublicIp", "NetworkBorderGroup"})
def release_address(ctx: Context, request: ReleaseAddressRequestTypeDef) -> dict[str, Any]:
    """Give an address back that nothing uses."""
    identity, address = request.get("AllocationId"), request.get("PublicIp")
    if identity and address:
        raise invalid_combination("You may specify public IP or allocation id, but not both in the same call")
    if not identity and not address:
        raise missing("allocationId")
    held = ADDRESS.require(ctx, identity) if identity else _require_ip(ctx, address or "")
    if user_of(ctx, held.id) is not None:
        raise ApiError("InvalidIPAddress.InUse", f"Address {held.body['PublicIp']} is in use.")
    addresses.remove(ctx, held)
    return {}


def _user_by(ctx: Context, association: str | None) -> Held | None:
    for one in addresses.every(ctx):
        user = user_of(ctx, one.id)
        if user is not None and user.body["AssociationId"] == association:
            return user
    return None


def _of_association(ctx: Context, request: dict[str, Any]) -> Iterable[Check]:
    user = _user_by(ctx, request.get("AssociationId"))
    yield ADDRESS.check(ctx, user.body["AllocationId"] if user else "*")


@ec2.operation(on=[_of_association], writes=True, honours={"AssociationId"})
def disassociate_address(ctx: Context, request: DisassociateAddressRequestTypeDef) -> dict[str, Any]:
    """Take an address from what has it. Only NAT gateways have addresses here, and theirs stay [guess: the words]."""
    identity = request.get("AssociationId")
    if not identity:
        raise missing("associationId")
    if _user_by(ctx, identity) is not None:
        text = "You do not have permission to access the specified resource."
        raise ApiError("AuthFailure", text, status=403)
    raise ApiError("InvalidAssociationID.NotFound", f"The association ID '{identity}' does not exist")
