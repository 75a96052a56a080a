"""Blocks of IPv6 addresses: Amazon's for a VPC, and a subnet's part of them.

The codes are those of the EC2 API reference; texts that are not told of in a thread beside them are a [guess].
"""

from __future__ import annotations

import ipaddress
import secrets

from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.services.ec2.networks import networks
from batchyard.services.ec2.networks.networks import Subnet, Vpc
from batchyard.services.ec2.places import new_id, place
from batchyard.services.ec2.refusals import invalid_value

_DOCUMENTATION = int(ipaddress.IPv6Address("2001:db8::"))
VPC_BITS, SUBNET_BITS = 56, 64


def amazon_block() -> dict[str, str]:
    """A new /56 with its association's id; of 2001:db8::/32, which nobody on the Internet has (RFC 3849)."""
    address = _DOCUMENTATION + (secrets.randbelow(1 << (VPC_BITS - 32)) << (128 - VPC_BITS))
    return {"id": new_id("vpc-cidr-assoc-"), "cidr": str(ipaddress.IPv6Network((address, VPC_BITS)))}


def subnet_block(ctx: Context, vpc: Vpc, given: str) -> dict[str, str]:
    """A subnet's block, within its VPC's and beside those of its other subnets; raises in EC2's words."""
    try:
        block = ipaddress.IPv6Network(given)
    except ValueError as error:
        raise invalid_value(
            f"Value ({given}) for parameter ipv6CidrBlock is invalid. This is not a valid IPv6 CIDR block."
        ) from error
    held = [ipaddress.IPv6Network(one["cidr"]) for one in vpc.settings.get("ipv6", ())]
    if block.prefixlen != SUBNET_BITS or not any(block.subnet_of(one) for one in held):
        raise ApiError("InvalidSubnet.Range", f"The CIDR '{given}' is invalid.")
    for other in networks.every(ctx.read, place(ctx), Subnet):
        if any(block.overlaps(ipaddress.IPv6Network(one["cidr"])) for one in other.settings.get("ipv6", ())):
            raise ApiError("InvalidSubnet.Conflict", f"The CIDR '{given}' conflicts with another subnet")
    return {"id": new_id("subnet-cidr-assoc-"), "cidr": str(block)}
