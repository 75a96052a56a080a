"""The private addresses of a subnet that instances and NAT gateways have, and those that are free.

The codes are those of the EC2 API reference; texts that are not told of in a thread beside them are a [guess].
"""

from __future__ import annotations

import ipaddress
import secrets

from sqlalchemy import bindparam, func, select

from batchyard.framework.context import Context
from batchyard.framework.errors import ApiError
from batchyard.services.ec2.gateways.gateway_rows import live_in_subnet
from batchyard.services.ec2.networks.networks import Subnet
from batchyard.services.ec2.places import at, place
from batchyard.services.ec2.refusals import invalid_value
from batchyard.services.ec2.tables import instances
from batchyard.store.prepared import Prepared

RESERVED_ADDRESSES = 5
"""The first four addresses and the last of every subnet are AWS's own (VPC User Guide)."""

_TAKEN = Prepared(
    select(func.count().label("number"))
    .select_from(instances)
    .where(at(instances))
    .where(instances.c.subnet_id == bindparam("subnet_id"))
    .where(instances.c.private_ip.is_not(None))
)
_AT_ADDRESS = Prepared(
    select(instances.c.id)
    .where(at(instances))
    .where(instances.c.subnet_id == bindparam("subnet_id"))
    .where(instances.c.private_ip == bindparam("private_ip"))
)


def addresses_taken(ctx: Context, subnet: Subnet) -> int:
    """How many addresses of a subnet are taken."""
    taken = ctx.read.first(_TAKEN, **place(ctx), subnet_id=subnet.id)
    return (taken.number if taken else 0) + len(live_in_subnet(ctx, subnet.vpc_id, subnet.id))


def addresses_left(ctx: Context, subnet: Subnet) -> int:
    """How many are free."""
    size = ipaddress.IPv4Network(subnet.cidr).num_addresses
    return size - RESERVED_ADDRESSES - addresses_taken(ctx, subnet)


def is_taken(ctx: Context, subnet: Subnet, address: str) -> bool:
    """Is it an instance's or a NAT gateway's?"""
    return address in _of_gateways(ctx, subnet) or _is_an_instances(ctx, subnet, address)


def free_address(ctx: Context, subnet: Subnet, asked: str | None) -> str:
    """The address that was asked for, or a free address; raises where there is none."""
    return asked_address(ctx, subnet, asked) if asked else free_addresses(ctx, subnet, 1)[0]


def free_addresses(ctx: Context, subnet: Subnet, count: int) -> tuple[str, ...]:
    """As many free addresses; raises InsufficientFreeAddressesInSubnet."""
    if addresses_left(ctx, subnet) < count:
        raise ApiError(
            "InsufficientFreeAddressesInSubnet",
            "The specified subnet does not have enough free addresses to satisfy the request.",
        )
    block = ipaddress.IPv4Network(subnet.cidr)
    usable = block.num_addresses - RESERVED_ADDRESSES
    taken = _of_gateways(ctx, subnet)
    found: list[str] = []
    while len(found) < count:
        # From a random address on to the next that is free: there are enough, so this ends.
        offset = secrets.randbelow(usable)
        while (address := str(block[4 + offset])) in taken or _is_an_instances(ctx, subnet, address):
            offset = (offset + 1) % usable
        found.append(address)
        taken.add(address)
    return tuple(found)


def _of_gateways(ctx: Context, subnet: Subnet) -> set[str]:
    return {one.body["PrivateIp"] for one in live_in_subnet(ctx, subnet.vpc_id, subnet.id)}


def _is_an_instances(ctx: Context, subnet: Subnet, address: str) -> bool:
    return ctx.read.first(_AT_ADDRESS, **place(ctx), subnet_id=subnet.id, private_ip=address) is not None


def asked_address(ctx: Context, subnet: Subnet, address: str) -> str:
    """An address of the subnet that is free; raises in EC2's words for any other."""
    try:
        inside = ipaddress.IPv4Address(address) in ipaddress.IPv4Network(subnet.cidr)
    except ValueError:
        inside = False
    if not inside:
        raise invalid_value("Address does not fall within the subnet's address range")
    if is_taken(ctx, subnet, address):
        raise ApiError("InvalidIPAddress.InUse", f"Address {address} is in use.")
    return address
