"""What policies may ask about a part of a network (service authorization reference, Amazon EC2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from batchyard.framework.check import Values
from batchyard.framework.context import Context
from batchyard.services.ec2.gateways.address_rows import addresses
from batchyard.services.ec2.gateways.gateway_rows import nat_gateways
from batchyard.services.ec2.kept import Kept
from batchyard.services.ec2.networks import networks
from batchyard.services.ec2.networks.networks import SecurityGroup, Subnet, Vpc
from batchyard.services.ec2.networks.zones import zone_id
from batchyard.services.ec2.places import arn, place
from batchyard.services.ec2.routing.network_acl_rows import network_acls
from batchyard.services.ec2.routing.route_table_rows import route_tables

Keys = dict[str, Values]


def _of_vpc(ctx: Context, identity: str) -> Keys:
    vpc = networks.find(ctx.read, place(ctx), Vpc, identity)
    return {"ec2:VpcID": identity, "ec2:Tenancy": "default"} if vpc else {}


def _of_subnet(ctx: Context, identity: str) -> Keys:
    subnet = networks.find(ctx.read, place(ctx), Subnet, identity)
    if subnet is None:
        return {}
    zone = subnet.availability_zone
    zones = {"ec2:AvailabilityZone": zone, "ec2:AvailabilityZoneId": zone_id(zone)}
    return {"ec2:SubnetID": identity, **zones, **_within(ctx, subnet.vpc_id)}


def _of_group(ctx: Context, identity: str) -> Keys:
    group = networks.find(ctx.read, place(ctx), SecurityGroup, identity)
    return {"ec2:SecurityGroupID": identity, **_within(ctx, group.vpc_id)} if group else {}


def _in_its_vpc(noun: Kept, key: str = "") -> Callable[[Context, str], Keys]:
    def find(ctx: Context, identity: str) -> Keys:
        held = noun.find(ctx.read, place(ctx), identity)
        if held is None:
            return {}
        return {**({key: identity} if key else {}), **_within(ctx, held.body["VpcId"])}

    return find


def _of_address(ctx: Context, identity: str) -> Keys:
    held = addresses.find(ctx.read, place(ctx), identity)
    if held is None:
        return {}
    return {
        "ec2:AllocationId": identity,
        "ec2:Domain": "vpc",
        "ec2:PublicIpAddress": held.body["PublicIp"],
    }


NETWORK_KEYS: dict[str, Callable[[Context, str], Keys]] = {
    "vpc": _of_vpc,
    "subnet": _of_subnet,
    "security-group": _of_group,
    "route-table": _in_its_vpc(route_tables, "ec2:RouteTableID"),
    "network-acl": _in_its_vpc(network_acls, "ec2:NetworkAclID"),
    "natgateway": _in_its_vpc(nat_gateways),
    "elastic-ip": _of_address,
    "internet-gateway": lambda ctx, identity: {"ec2:InternetGatewayID": identity},
    "dhcp-options": lambda ctx, identity: {"ec2:DhcpOptionsID": identity},
}
"""By kind: the ec2: keys of what has an id; none where it does not exist."""


def in_vpc(ctx: Context, request: dict[str, Any]) -> Keys:
    """The keys of what is to be made in the VPC that a request names, and in its zone where it names one."""
    keys: Keys = _within(ctx, request["VpcId"]) if request.get("VpcId") else {}
    if request.get("AvailabilityZone"):
        keys["ec2:AvailabilityZone"] = request["AvailabilityZone"]
    if request.get("AvailabilityZoneId"):
        keys["ec2:AvailabilityZoneId"] = request["AvailabilityZoneId"]
    return keys


def _within(ctx: Context, vpc_id: str) -> Keys:
    return {"ec2:Vpc": arn(place(ctx), f"vpc/{vpc_id}")}
